using System.Collections.Generic;
using Cleave.Tool.Measuring;
using Cleave.Tool.Quantizing.Search;

namespace Cleave.Tool.Quantizing;

/// <summary>What <c>cleave quantize</c> found and did. This is the JSON, too (docs/quantize.md). Times are nanoseconds of one run on one thread.</summary>
internal sealed record QuantizeReport
{
    public int Format { get; init; } = 1;

    /// <summary>The paths as they were passed.</summary>
    public required string Model { get; init; }

    public required string Output { get; init; }

    /// <summary>The version of ONNX Runtime that ran it.</summary>
    public required string OnnxRuntime { get; init; }

    /// <summary>What the error may be at most.</summary>
    public required double MaxError { get; init; }

    /// <summary>Why the model was not written; null where it was.</summary>
    public string? LeftAlone { get; init; }

    /// <summary>The SVG with the curve, which is written in any case; null where none was asked for.</summary>
    public string? CurveFile { get; init; }

    /// <summary>How the chosen operators are written: <c>dynamic</c>, or <c>static</c> with how ranges were found.</summary>
    public required string Form { get; init; }

    /// <summary>The search with the least time, operator by operator.</summary>
    public required IReadOnlyList<QuantizedOperator> Operators { get; init; }

    /// <summary>Every trial of the whole model in the chosen form, and the model of floats: more operators, more error, less time.</summary>
    public required IReadOnlyList<CurvePoint> Curve { get; init; }

    /// <summary>On the inputs that it was chosen on.</summary>
    public required StatedError Search { get; init; }

    /// <summary>On inputs that nothing was calibrated on, nor chosen unless <see cref="HeldOutWasChosenOn"/> says so.</summary>
    public required StatedError HeldOut { get; init; }

    /// <summary>Whether operators went back to floats, or another form was taken, until the error on the held-out inputs was within the budget: that on others may be larger.</summary>
    public bool HeldOutWasChosenOn { get; init; }

    /// <summary>What the program of <c>--metric</c> says of the outputs on the held-out inputs; null where none was given.</summary>
    public double? Metric { get; init; }

    /// <summary>Of the whole, measured in processes of their own, in turn; null where it could not be measured.</summary>
    public Gain? Gain { get; init; }

    /// <summary>What a batch gains in floats; null where the file in 8 bits has a batch axis, or the one of floats has none.</summary>
    public LostBatching? Batching { get; init; }

    /// <summary>Bytes of both files.</summary>
    public long ModelBytes { get; init; }

    public long OutputBytes { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <param name="Node">Its name.</param>
/// <param name="Type">MatMul, Gemm or Conv.</param>
/// <param name="Weights">How many weights it has.</param>
/// <param name="Error">The error of the outputs where it alone is in 8 bits; null where it was not tried.</param>
/// <param name="Floats">The time of it alone in floats.</param>
/// <param name="Bytes">And in 8 bits, the rounding of its input included.</param>
/// <param name="WhyNot">Why it stays in floats; null where it does not.</param>
internal sealed record QuantizedOperator(string Node, string Type, long Weights, double? Error, double Floats, double Bytes, string? WhyNot);
