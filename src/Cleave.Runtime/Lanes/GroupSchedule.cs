using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Schedule;

namespace Cleave.Lanes;

/// <summary>When of each sample other lanes run what the first lane runs.</summary>
internal enum Switching
{
    Never,

    /// <summary>Where the lanes turned out to have uneven work.</summary>
    WhereUneven,

    Always,
}

/// <summary>
/// What the lanes of a plan do for several samples at once: the statements of the lane methods, interleaved as
/// <see cref="Hyperclusters"/> says. A method cannot be left half way for another sample, so a lane goes through a table instead. Thread-safe.
/// </summary>
/// <param name="outline">The plan.</param>
/// <param name="switching">Whether lanes take turns; only where any lane can run any segment.</param>
internal sealed class GroupSchedule(PlanOutline outline, Switching switching)
{
    /// <summary>
    /// A group's lanes start and end at different times, which is lost once for each group; and each of its samples holds the values
    /// inside the model for as long as the group runs. With eight the loss is an eighth of what it is one by one.
    /// </summary>
    public const int MostSamples = 8;

    // To switch evens out lanes, and makes every core read the weights of all lanes: towers of equal work lost up to a fifth by that.
    private const double Uneven = 1.25;

    private readonly Statement[]?[]?[] _plain = new Statement[]?[]?[MostSamples + 1];
    private readonly Statement[]?[]?[] _switched = new Statement[]?[]?[MostSamples + 1];
    private volatile bool _isSwitched = switching == Switching.Always;

    public Switching Switching => switching;

    /// <summary>Whether the next group is switched.</summary>
    public bool IsSwitched => _isSwitched;

    /// <summary>For the lanes of a plan and their threads; null where its samples run one by one.</summary>
    public static GroupSchedule? Of(PlanOutline outline, int[] threads, bool isPinned)
    {
        if (outline.Lanes.Length == 1 || !RunsInPlanOrder(outline))
            return null;
        // Sessions have the threads of their lanes, and pinned ones also the processors.
        bool areAlike = Array.TrueForAll(threads, t => t == threads[0]) && (!isPinned || threads[0] == 1);
        return new GroupSchedule(outline, areAlike ? Switching.WhereUneven : Switching.Never);
    }

    /// <summary>The statements of each lane for so many samples.</summary>
    public Statement[][] For(int samples)
    {
        bool isSwitched = _isSwitched;
        ref Statement[]?[]? known = ref (isSwitched ? _switched : _plain)[samples];
        Statement[]?[]? table = Volatile.Read(ref known);
        if (table is null)
        {
            table = Array.ConvertAll(
                Hyperclusters.Interleave(outline.Lanes, SegmentOf, IsSend, samples, isSwitched),
                static lane => Array.ConvertAll(lane, static s => s.Statement with { Sample = s.Sample }));
            Volatile.Write(ref known, table);
        }
        return table!;
    }

    /// <summary>How long the segments of each lane of the plan took in a group, whichever lane ran them. Decides how the next one runs.</summary>
    public void Learn(ReadOnlySpan<long> busy)
    {
        if (switching != Switching.WhereUneven)
            return;
        long longest = 0, all = 0;
        foreach (long lane in busy)
        {
            longest = Math.Max(longest, lane);
            all += lane;
        }
        _isSwitched = longest * busy.Length > Uneven * all;
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
