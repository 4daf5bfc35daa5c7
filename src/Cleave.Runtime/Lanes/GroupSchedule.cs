using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Schedule;

namespace Cleave.Lanes;

/// <summary>
/// What the lanes of a plan do for several samples at once: the statements of the lane methods, interleaved as
/// <see cref="Hyperclusters"/> says. A method cannot be left half way for another sample, so a lane goes through a table instead. Thread-safe.
/// </summary>
/// <param name="outline">The plan.</param>
/// <param name="canSwitch">Whether any lane can run any segment.</param>
internal sealed class GroupSchedule(PlanOutline outline, bool canSwitch)
{
    /// <summary>
    /// A group's lanes start and end at different times, which is lost once for each group; and each of its samples holds the values
    /// inside the model for as long as the group runs. With eight the loss is an eighth of what it is one by one.
    /// </summary>
    public const int MostSamples = 8;

    private readonly Statement[]?[]?[] _tables = new Statement[]?[]?[MostSamples + 1];

    /// <summary>
    /// Whether of each sample other lanes run what the first lane runs. Wherever they can: a plan's lanes are seldom equally long, as the first is the
    /// critical path, and nothing at run time says how long the others are.
    /// </summary>
    public bool IsSwitched { get; } = canSwitch;

    /// <summary>For the lanes of a plan and their threads; null where its samples run one by one.</summary>
    public static GroupSchedule? Of(PlanOutline outline, int[] threads, bool isPinned)
    {
        if (outline.Lanes.Length == 1 || !RunsInPlanOrder(outline))
            return null;
        // Sessions have the threads of their lanes, and pinned ones also the processors.
        return new GroupSchedule(outline, Array.TrueForAll(threads, t => t == threads[0]) && (!isPinned || threads[0] == 1));
    }

    /// <summary>The statements of each lane for so many samples.</summary>
    public Statement[][] For(int samples)
    {
        Statement[][]? table = Volatile.Read(ref _tables[samples])!;
        if (table is null)
        {
            table = Array.ConvertAll(
                Hyperclusters.Interleave(outline.Lanes, SegmentOf, IsSend, samples, IsSwitched),
                static lane => Array.ConvertAll(lane, static s => s.Statement with { Sample = s.Sample }));
            Volatile.Write(ref _tables[samples], table);
        }
        return table;
    }

    // Interleaved lanes take the segments as the plan lists them, which generated code does in an order that runs through. Then no lane can
    // wait for ever, whichever lane runs which. Code that was written by hand may list them otherwise.
    private static bool RunsInPlanOrder(PlanOutline outline)
    {
        List<(int Segment, Statement[] Statements)> parts = [];
        foreach (Statement[] lane in outline.Lanes)
        {
            int last = -1;
            foreach ((int Segment, Statement[] Statements) part in Hyperclusters.AroundRuns(lane, SegmentOf, IsSend))
            {
                if (part.Segment < last)
                    return false;
                last = part.Segment;
                parts.Add(part);
            }
        }
        HashSet<int> sent = [];
        foreach (Statement statement in parts.OrderBy(static p => p.Segment).SelectMany(static p => p.Statements))
        {
            if (statement.Kind == StatementKind.Send)
                sent.Add(statement.Index);
            else if (statement.Kind == StatementKind.Receive && !sent.Contains(statement.Index))
                return false;
        }
        return true;
    }

    private static int SegmentOf(Statement statement) => statement.Kind == StatementKind.Run ? statement.Index : -1;

    private static bool IsSend(Statement statement) => statement.Kind == StatementKind.Send;
}
