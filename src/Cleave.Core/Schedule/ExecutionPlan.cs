using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Schedule;

/// <summary>A part of a model that runs in one session, on one lane.</summary>
/// <param name="Name">For people: the module path of its weights, or else operator and node.</param>
/// <param name="Nodes">Positions of its nodes in the model's list, each after those it depends on. Constant nodes are in no segment.</param>
/// <param name="Reads">The values it takes, from the caller and from other segments; ordinal order.</param>
/// <param name="Writes">The values it gives: what other segments read, and outputs; ordinal order.</param>
internal sealed record PlanSegment(string Name, int[] Nodes, string[] Reads, string[] Writes)
{
    /// <summary>Those of its nodes that other segments have, too; rising.</summary>
    public int[] Cloned { get; init; } = [];
}

/// <summary>One step of a lane.</summary>
internal abstract record Statement
{
    /// <summary>Runs a segment.</summary>
    /// <param name="Segment">Its position in the plan.</param>
    internal sealed record Run(int Segment) : Statement;

    /// <summary>Hands values over; never waits.</summary>
    /// <param name="Values">What is handed over; ordinal order.</param>
    /// <param name="To">The lane that gets it.</param>
    internal sealed record Send(string[] Values, int To) : Statement;

    /// <summary>Waits for values.</summary>
    /// <param name="Values">What is waited for; ordinal order.</param>
    /// <param name="From">The lane that gives it.</param>
    internal sealed record Receive(string[] Values, int From) : Statement;
}

/// <summary>What one thread, with its pool, does in a call.</summary>
/// <param name="Name">For people.</param>
/// <param name="Statements">In the order in which they are carried out.</param>
internal sealed record PlanLane(string Name, IReadOnlyList<Statement> Statements);

/// <summary>
/// Who runs what, and when: everything that code which carries it out must say. How many threads each lane has is not part of it:
/// plans for several core counts are often the same but for that.
/// </summary>
/// <param name="Segments">Each after those it reads from.</param>
/// <param name="Lanes">The first is the caller's.</param>
internal sealed record ExecutionPlan(IReadOnlyList<PlanSegment> Segments, IReadOnlyList<PlanLane> Lanes)
{
    /// <summary>Equal for plans that do the same.</summary>
    public string Key => string.Join("|", Lanes.Select(lane =>
        string.Join(";", lane.Statements.OfType<Statement.Run>().Select(r => string.Join(",", Segments[r.Segment].Nodes)))));

    public bool IsSplit => Segments.Count > 1;
}
