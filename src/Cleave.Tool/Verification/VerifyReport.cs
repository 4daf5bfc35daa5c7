using System.Collections.Generic;
using System.Text.Json.Serialization;
using Cleave.Tool.Running;

namespace Cleave.Tool.Verification;

/// <summary>What <c>cleave verify</c> found. Its JSON is described in docs/verify.md.</summary>
internal sealed record VerifyReport
{
    public int Format { get; init; } = 1;

    public required string Model { get; init; }

    /// <summary>The version of ONNX Runtime that ran it.</summary>
    public required string OnnxRuntime { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Of random inputs.</summary>
    public required ulong InputSeed { get; init; }

    public required int Threads { get; init; }

    /// <summary>Nodes that run in every call.</summary>
    public required int Nodes { get; init; }

    /// <summary>Groups of them that stay together.</summary>
    public required int Groups { get; init; }

    public required Verdict Verdict { get; init; }

    /// <summary>On which inputs results were compared.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>Distinct segments that ran, over all partitions.</summary>
    public required int Segments { get; init; }

    /// <summary>Values that were handed from one segment to another, over all partitions.</summary>
    public required int CutValues { get; init; }

    public required IReadOnlyList<OutputReport> Outputs { get; init; }

    public required IReadOnlyList<PartitionReport> Partitions { get; init; }

    /// <summary>Samples together against one by one; null where nothing was run.</summary>
    public required BatchReport? Batch { get; init; }

    /// <summary>Floats of 16 bits, as published and as runners compute them; null where there are none, or nothing was run.</summary>
    public PrecisionReport? Precision { get; init; }

    public required IReadOnlyList<Failure> Failures { get; init; }

    /// <summary>What limits the proof.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>What came out.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
internal enum Verdict
{
    [JsonStringEnumMemberName("equal")]
    Equal,

    [JsonStringEnumMemberName("different")]
    Different,

    [JsonStringEnumMemberName("nothing was split")]
    NothingSplit,

    /// <summary>No output had an element that could be.</summary>
    [JsonStringEnumMemberName("nothing was compared")]
    NothingCompared,

    /// <summary>It draws random numbers: it was run, and that is all.</summary>
    [JsonStringEnumMemberName("unverifiable")]
    Unverifiable,
}

/// <summary>An output's largest differences over everything that was compared.</summary>
/// <param name="Output">Its name; an element of a sequence as <c>name[0]</c>.</param>
/// <param name="Own">The whole model with all optimisations against itself with none.</param>
/// <param name="Whole">The plan that runs the whole model, against the file.</param>
/// <param name="Plans">The split plans that Cleave would bake in, all optimisations.</param>
/// <param name="Groups">Partitions over fusion groups, all optimisations.</param>
/// <param name="Nodes">Partitions that ignore groups, all optimisations.</param>
/// <param name="Unoptimised">All partitions, nothing optimised, against the whole sliced as one segment.</param>
internal sealed record OutputReport(
    string Output, OutputDifference Own, OutputDifference Whole, OutputDifference Plans, OutputDifference Groups, OutputDifference Nodes, OutputDifference Unoptimised);

/// <summary>One partition.</summary>
/// <param name="Kind">groups, nodes, plan for one that Cleave would bake in, or whole for the plan of one segment.</param>
/// <param name="Seed">Gives this partition as the first, on the same inputs: <c>--seed SEED --partitions 1 --input-seed INPUT_SEED</c>; of a plan, the cores it is for.</param>
/// <param name="Segments">How many.</param>
/// <param name="CutValues">How many values go from one to another.</param>
/// <param name="Optimised">By output: largest difference, both sides with all optimisations.</param>
/// <param name="Unoptimised">By output: largest difference, both sides with none; from the whole sliced as one segment, and of that one from the file.</param>
/// <param name="Lost">Fusions that its cuts prevented; null where that was not looked at.</param>
internal sealed record PartitionReport(
    string Kind, ulong Seed, int Segments, int CutValues, IReadOnlyDictionary<string, OutputDifference> Optimised,
    IReadOnlyDictionary<string, OutputDifference> Unoptimised, IReadOnlyList<LostFusion>? Lost);

/// <summary>How exact a model of 16-bit floats is: against 32 bits on the same weights.</summary>
/// <param name="WhyNot">Why runners leave it as published; null where they compute it in 32 bits.</param>
/// <param name="Outputs">By output.</param>
internal sealed record PrecisionReport(string? WhyNot, IReadOnlyList<OutputPrecision> Outputs);

/// <param name="Output">Its name.</param>
/// <param name="Published">How far the file is away, at most.</param>
/// <param name="Widened">How far runners are, with the whole model or a plan that splits it.</param>
internal sealed record OutputPrecision(string Output, OutputDifference Published, OutputDifference Widened);

/// <summary>A difference beyond what is allowed, or a segment that does not run.</summary>
/// <param name="Kind">Of the partition.</param>
/// <param name="Seed">Of the partition.</param>
/// <param name="Segment">The first segment that gives something else; null where none stands out.</param>
/// <param name="Output">The output that differs; null where there is none.</param>
/// <param name="Input">On which inputs.</param>
/// <param name="Optimised">Whether ONNX Runtime optimised both sides.</param>
/// <param name="What">The difference, or the error.</param>
internal sealed record Failure(string Kind, ulong Seed, string? Segment, string? Output, string Input, bool Optimised, string What);
