using System.Collections.Generic;

namespace Cleave.Tool.Planning;

/// <summary>What <c>cleave plan</c> found. Its JSON is described in docs/plan.md. Times are nanoseconds, and predictions.</summary>
internal sealed record PlanReport
{
    public int Format { get; init; } = 1;

    public required string Model { get; init; }

    /// <summary>The device table of the predictions.</summary>
    public required string Device { get; init; }

    /// <summary>The numbers taken for open dimensions.</summary>
    public required IReadOnlyDictionary<string, long> Dims { get; init; }

    /// <summary>Nodes that run in every call.</summary>
    public required int Nodes { get; init; }

    /// <summary>Parts of them that stay together.</summary>
    public required int Units { get; init; }

    /// <summary>Clusters before merging: paths.</summary>
    public required int Paths { get; init; }

    /// <summary>Clusters after merging.</summary>
    public required int Clusters { get; init; }

    /// <summary>By core count.</summary>
    public required IReadOnlyList<PlanRowReport> Rows { get; init; }

    /// <summary>What runs with the cores asked for.</summary>
    public required PlanDetail Plan { get; init; }

    /// <summary>Whether requests may run together, and batches be divided.</summary>
    public required PlanBatchReport Batch { get; init; }

    /// <summary>What its sessions take.</summary>
    public required PlanMemoryReport Memory { get; init; }

    /// <summary>What limits the prediction.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <param name="Dimension">The dimension along which samples stay apart; null where none is proven.</param>
/// <param name="Divided">Whether batches may be divided: it is the first axis of every input and output.</param>
/// <param name="Why">Where something may not be done: why, and what can be done about it.</param>
internal sealed record PlanBatchReport(string? Dimension, bool Divided, string Why);

/// <param name="WeightBytes">Of the model's weights.</param>
/// <param name="PlainBytes">Of the plan's sessions, about, and of every further set of them.</param>
/// <param name="PreparedBytes">Of the plan's prepared weights, which all sessions and processes of the machine share; null where it is not prepared.</param>
/// <param name="PreparedFolders">Where its runner looks for them; null where it looks nowhere.</param>
internal sealed record PlanMemoryReport(long WeightBytes, long PlainBytes, long? PreparedBytes, string? PreparedFolders);

/// <param name="Cores">How many cores.</param>
/// <param name="Plan">Rows of equal numbers run the same plan; from 1.</param>
/// <param name="Threads">By lane.</param>
/// <param name="Segments">How many.</param>
/// <param name="Nanoseconds">Of a call.</param>
/// <param name="WholeNanoseconds">Of a call of the best session for the whole model.</param>
/// <param name="WholeThreads">Threads of that session.</param>
/// <param name="SplitNanoseconds">Of a call of the best split found; null where there is none.</param>
/// <param name="Why">Why it was chosen.</param>
internal sealed record PlanRowReport(
    int Cores, int Plan, IReadOnlyList<int> Threads, int Segments, double Nanoseconds, double WholeNanoseconds, int WholeThreads, double? SplitNanoseconds, string Why);

/// <param name="Cores">For how many cores it is planned: the most that are not more than those asked for.</param>
/// <param name="Nanoseconds">Of a call.</param>
/// <param name="Lanes">What each does.</param>
/// <param name="Segments">Each after those it reads from.</param>
/// <param name="CriticalPath">Positions of the segments that determine the time.</param>
/// <param name="Cloned">Nodes that are in several segments.</param>
internal sealed record PlanDetail(
    int Cores, double Nanoseconds, IReadOnlyList<LaneReport> Lanes, IReadOnlyList<SegmentReport> Segments, IReadOnlyList<int> CriticalPath, string Cloned)
{
    /// <summary>How recurrent nodes are taken apart for it; null: its segments have the model's nodes.</summary>
    public RecurrentReport? Recurrent { get; init; }
}

/// <param name="What">In words.</param>
/// <param name="Taken">Nodes of the model.</param>
/// <param name="Nodes">How many nodes there are then: segments count those.</param>
internal sealed record RecurrentReport(string What, IReadOnlyList<RecurrentNodeReport> Taken, int Nodes);

/// <param name="Node">Its position in the model's list.</param>
/// <param name="Steps">How many it has.</param>
/// <param name="Chunks">Into how many chunks they are divided; 1: only into directions.</param>
internal sealed record RecurrentNodeReport(int Node, int Steps, int Chunks);

/// <param name="Name">What it is called.</param>
/// <param name="Threads">How many it has.</param>
/// <param name="Statements">In order: <c>run 3</c>, <c>send a, b to 1</c>, <c>receive c from 1</c>.</param>
internal sealed record LaneReport(string Name, int Threads, IReadOnlyList<string> Statements);

/// <param name="Name">What it is called.</param>
/// <param name="Lane">Where it runs.</param>
/// <param name="Nodes">Positions of its nodes: <c>0-4,7</c>.</param>
/// <param name="NodeCount">How many.</param>
/// <param name="Reads">The values it takes.</param>
/// <param name="Writes">The values it gives.</param>
/// <param name="Start">When it begins.</param>
/// <param name="Nanoseconds">How long it takes.</param>
internal sealed record SegmentReport(
    string Name, int Lane, string Nodes, int NodeCount, IReadOnlyList<string> Reads, IReadOnlyList<string> Writes, double Start, double Nanoseconds);
