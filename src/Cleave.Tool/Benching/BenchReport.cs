using System.Collections.Generic;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Tool.Benching;

/// <summary>
/// What <c>cleave bench</c> measured. This is the JSON, too (docs/bench.md): within a format number, properties are added
/// and never renamed, removed or reordered. Times are nanoseconds.
/// </summary>
internal sealed record BenchReport
{
    public int Format { get; init; } = 1;

    /// <summary>The path as it was passed.</summary>
    public required string Model { get; init; }

    /// <summary>True: a trial, whose numbers mean nothing.</summary>
    public required bool Quick { get; init; }

    public required MachineReport Machine { get; init; }

    public required IReadOnlyList<InputReport> Inputs { get; init; }

    /// <summary>The dimensions that the model leaves open.</summary>
    public required IReadOnlyList<DimensionSize> Dimensions { get; init; }

    /// <summary>What cleaning the file changes, or why it was not measured cleaned.</summary>
    public required string Cleaning { get; init; }

    /// <summary>One for each number of callers.</summary>
    public required IReadOnlyList<LoadReport> Loads { get; init; }

    /// <summary>Rounds that do not count, because a thread of a parked candidate ran.</summary>
    public required int DiscardedRounds { get; init; }

    /// <summary>How certain it is that a ratio lies between its bounds, at least; null where fewer rounds count than six: they are then the least and the most that was measured.</summary>
    public double? Certainty { get; init; }
}

internal sealed record MachineReport(string System, string Processor, int Cores, string Runtime, string OnnxRuntime);

internal sealed record InputReport(string Name, string Type, IReadOnlyList<int> Shape);

/// <param name="Callers">How many callers at once.</param>
/// <param name="Best">The best configuration of ONNX Runtime: the smallest median; null where none ran.</param>
/// <param name="Conclusion">What is fastest and by how much; empty for a trial, or where nothing ran.</param>
/// <param name="Candidates">The fastest first, then those that failed.</param>
internal sealed record LoadReport(int Callers, string? Best, string Conclusion, IReadOnlyList<CandidateReport> Candidates);

/// <summary>One row. All numbers are null where <see cref="Error"/> says why there are none.</summary>
internal sealed record CandidateReport
{
    /// <summary>Unique in its load.</summary>
    public required string Name { get; init; }

    /// <summary>Whether Cleave's runner ran it, or ONNX Runtime directly.</summary>
    public required bool Cleave { get; init; }

    /// <summary><c>published</c> or <c>cleaned</c>.</summary>
    public required string File { get; init; }

    public string? Error { get; init; }

    /// <summary>The median over the rounds of each round's median, for one request: with several callers, an answer's time divided by their number.</summary>
    public double? Median { get; init; }

    /// <summary>The shortest, for one request.</summary>
    public double? Minimum { get; init; }

    /// <summary>What 99 of 100 requests wait at most.</summary>
    public double? Percentile99 { get; init; }

    /// <summary>CPU time of one request, all threads.</summary>
    public double? Cpu { get; init; }

    /// <summary>How many times as long as the best configuration of ONNX Runtime it takes, between the bounds with <see cref="BenchReport.Certainty"/>.</summary>
    public Interval? RatioToBest { get; init; }

    public required IReadOnlyList<Block> Rounds { get; init; }
}
