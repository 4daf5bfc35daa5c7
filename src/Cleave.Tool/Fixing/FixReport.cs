using System.Collections.Generic;
using System.Text.Json.Serialization;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;

namespace Cleave.Tool.Fixing;

/// <summary>What <c>cleave fix</c> did. This is the JSON, too (docs/fix.md). Times are nanoseconds of one run.</summary>
internal sealed record FixReport
{
    public int Format { get; init; } = 1;

    /// <summary>The paths as they were passed.</summary>
    public required string Model { get; init; }

    public required string Output { get; init; }

    /// <summary>The version of ONNX Runtime that ran it.</summary>
    public required string OnnxRuntime { get; init; }

    /// <summary>Those that did something, in the order in which they were made; empty: the file was copied.</summary>
    public required IReadOnlyList<FixChange> Changes { get; init; }

    /// <summary>Of all changes together; null where nothing was measured.</summary>
    public Gain? Gain { get; init; }

    /// <summary>On which inputs both models gave the same.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>Those of them that were given, for which there are no seeds.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Given { get; init; } = [];

    public IReadOnlyList<FixedOutput> Outputs { get; init; } = [];

    /// <summary>Samples together against one by one, where a dynamic batch was asked for.</summary>
    public BatchReport? Batch { get; init; }

    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <param name="Kind">For programs.</param>
/// <param name="What">For people.</param>
/// <param name="Count">How many.</param>
/// <param name="Gain">Of this change alone, after those before it; null where it was not measured.</param>
internal sealed record FixChange(string Kind, string What, int Count, Gain? Gain);

/// <summary>The largest difference of an output, over all inputs.</summary>
internal sealed record FixedOutput(string Output, OutputDifference Difference);
