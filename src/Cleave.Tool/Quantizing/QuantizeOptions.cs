using System.Collections.Generic;
using Cleave.Tool.Verification;

namespace Cleave.Tool.Quantizing;

/// <summary>What <c>cleave quantize</c> was asked for.</summary>
internal sealed record QuantizeOptions
{
    public required string Model { get; init; }

    public required string Output { get; init; }

    /// <summary>The largest ‖q−f‖₂/‖f‖₂ of any output on any input.</summary>
    public double MaxError { get; init; } = 0.05;

    /// <summary>Folders with inputs of the application; none: random ones, and only the forms that need no data.</summary>
    public IReadOnlyList<string> InputFolders { get; init; } = [];

    /// <summary>Sizes of open dimensions, where no inputs are given.</summary>
    public IReadOnlyList<DimensionSample> Samples { get; init; } = [];

    /// <summary>By input: a number for every element.</summary>
    public IReadOnlyDictionary<string, double> Fills { get; init; } = new Dictionary<string, double>();

    /// <summary>Bits of a weight: 7, where two products of 8 bits may not fit the 16 bits in which processors without VNNI add them; else 8.</summary>
    public int WeightBits { get; init; } = 7;

    /// <summary>A model that gains less is left alone.</summary>
    public double LeastGain { get; init; } = QuantizeRun.LeastGain;

    /// <summary>The file that the curve of error against time is drawn into; null: none.</summary>
    public string? Curve { get; init; }
}
