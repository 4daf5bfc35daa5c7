using System.Linq;
using Cleave.Core.Graph;
using Cleave.Generator.Pipeline;

namespace Cleave.Generator.Model;

/// <summary>A row of the table of thread budgets: with so many cores the plan of that class.</summary>
/// <param name="Cores">So many, and fewer than the next row's.</param>
/// <param name="Class">The class of the plan.</param>
/// <param name="Threads">By lane.</param>
/// <param name="Comment">What is predicted, and why it was chosen.</param>
internal sealed record BudgetSpec(int Cores, string Class, EquatableArray<int> Threads, string Comment);

/// <summary>A split plan, with its names in C#.</summary>
/// <param name="Class">The nested class.</param>
/// <param name="Values">What its segments hand to each other.</param>
/// <param name="Segments">Each after those it reads from.</param>
/// <param name="Lanes">The first is the caller's.</param>
internal sealed record PlanSpec(string Class, EquatableArray<ValueSpec> Values, EquatableArray<SegmentSpec> Segments, EquatableArray<LaneSpec> Lanes)
{
    /// <summary>How recurrent nodes are taken apart, as the runtime reads it; empty where none is: its segments are of the model as it is.</summary>
    public string Recurrent { get; init; } = "";

    /// <summary>Whether its statements are tables instead of code: there are too many.</summary>
    public bool IsTable => Lanes.Any(l => l.Table is not null);
}

/// <summary>A value inside the model that segments hand to each other.</summary>
/// <param name="Field">The static field that describes it.</param>
/// <param name="Name">Its name in the model.</param>
/// <param name="Type">One of those that C# has.</param>
/// <param name="RankIsKnown">Whether the shape says anything.</param>
/// <param name="Shape">Numbers and the names of inputs' dimensions, as far as it consists of them.</param>
/// <param name="IsSteady">Whether its shape follows from those of the inputs, though <paramref name="Shape"/> does not say all of it.</param>
internal sealed record ValueSpec(string Field, string Name, ElementType Type, bool RankIsKnown, EquatableArray<DimSpec> Shape, bool IsSteady);

/// <summary>A segment. What it reads and writes are fields, of the plan's class or of the runner's.</summary>
/// <param name="Field">The static field.</param>
/// <param name="Name">For people.</param>
/// <param name="Nodes">Positions in the model's list: <c>0-4,7</c>.</param>
/// <param name="Reads">Fields.</param>
/// <param name="Writes">Fields.</param>
/// <param name="Device">What it takes on an accelerator; null where it runs on the CPU.</param>
internal sealed record SegmentSpec(string Field, string Name, string Nodes, EquatableArray<string> Reads, EquatableArray<string> Writes, DeviceNeedSpec? Device = null);

/// <summary>What a segment takes on an accelerator.</summary>
internal sealed record DeviceNeedSpec(long WeightBytes, long WorkspaceBytes);

/// <summary>The plan for an accelerator.</summary>
/// <param name="Kind">Of the accelerator.</param>
/// <param name="Class">The class of the plan.</param>
/// <param name="Threads">By lane.</param>
/// <param name="Comment">What is predicted.</param>
internal sealed record DeviceSpec(string Kind, string Class, EquatableArray<int> Threads, string Comment)
{
    /// <summary>The cores with which the CPU alone does as well; null where it never does.</summary>
    public int? FewerCoresThan { get; init; }
}

/// <summary>What a lane does.</summary>
/// <param name="Method">Its method.</param>
/// <param name="Comment">What stands above the method.</param>
/// <param name="Statements">One line each.</param>
/// <param name="Parts">The methods that it is cut into; none where it is short.</param>
/// <param name="Table">The static field that holds the statements; null where they are code.</param>
internal sealed record LaneSpec(string Method, string Comment, EquatableArray<StatementSpec> Statements, EquatableArray<string> Parts, string? Table);

/// <summary>A statement of a lane: a call of one of the lane's methods.</summary>
/// <param name="Call">Which.</param>
/// <param name="Fields">Its arguments: the segment, or values.</param>
/// <param name="Comment">What stands behind it on the line.</param>
internal sealed record StatementSpec(LaneCall Call, EquatableArray<string> Fields, string Comment);

/// <summary>A method of the lane, by its name.</summary>
internal enum LaneCall
{
    Run,
    Send,
    Receive,
    Launch,
}
