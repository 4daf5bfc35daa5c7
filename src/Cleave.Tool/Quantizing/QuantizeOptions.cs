using System;
using System.Collections.Generic;
using Cleave.Tool.Running;

namespace Cleave.Tool.Quantizing;

/// <summary>What <c>cleave quantize</c> was asked for.</summary>
internal sealed record QuantizeOptions
{
    public const double DefaultError = 0.05;
    public const int SafeBits = 7;

    public required string Model { get; init; }

    public required string Output { get; init; }

    /// <summary>The largest ‖q−f‖₂/‖f‖₂ of any output on any input; null: that of <see cref="Like"/>, else <see cref="DefaultError"/>.</summary>
    public double? MaxError { get; init; }

    /// <summary>A file that was made earlier, whose choice of operators is kept; null: one is found.</summary>
    public string? Like { get; init; }

    /// <summary>A program that is run on two folders, of outputs in floats and in 8 bits, and prints a figure; null: none.</summary>
    public string? Metric { get; init; }

    /// <summary>When it is given up.</summary>
    public TimeSpan MetricLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Folders with inputs of the application; none: random ones, and only the forms that need no data.</summary>
    public IReadOnlyList<string> InputFolders { get; init; } = [];

    /// <summary>Sizes of open dimensions, where no inputs are given.</summary>
    public IReadOnlyList<DimensionSample> Samples { get; init; } = [];

    /// <summary>By input: a number for every element.</summary>
    public IReadOnlyDictionary<string, double> Fills { get; init; } = new Dictionary<string, double>();

    /// <summary>Bits of a weight: 7, where two products of 8 bits may not fit the 16 bits in which processors without VNNI add them; else 8. Null: those of <see cref="Like"/>, else 7.</summary>
    public int? WeightBits { get; init; }

    /// <summary>Whether ONNX Runtime's own operators may be used (<c>MatMulNBits</c>, <c>DynamicQuantizeLSTM</c>), which other programs do not know.</summary>
    public bool OwnOperators { get; init; }

    /// <summary>Whether only forms are taken that keep rows apart, so that the model keeps its batch axis.</summary>
    public bool KeepBatch { get; init; }

    /// <summary>Whether both files are measured at the end; where not, none is left alone.</summary>
    public bool Measure { get; init; } = true;

    /// <summary>A model that gains less is left alone.</summary>
    public double LeastGain { get; init; } = QuantizeRun.LeastGain;

    /// <summary>The file that the curve of error against time is drawn into; null: none.</summary>
    public string? Curve { get; init; }
}
