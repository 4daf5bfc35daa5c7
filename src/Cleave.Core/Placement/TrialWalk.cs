using System;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Placement;

/// <summary>
/// Tries changes of a schedule: what stands in the order before the first change is as it was, so a walk begins there. A change that makes the schedule shorter is kept, any other is undone.
/// For one thread.
/// </summary>
/// <param name="tables">The problem.</param>
/// <param name="budget">Units looked at are spent of it.</param>
internal sealed class TrialWalk(WalkTables tables, PlacementBudget budget)
{
    private readonly double[] _finish = new double[tables.Units];
    private readonly double[] _kept = new double[tables.Units];
    private readonly double[] _free = new double[tables.Processors];
    // By place in the order, then by processor: when processors are free before that unit; and the makespan so far.
    private readonly double[] _freeBefore = new double[(tables.Units + 1) * tables.Processors];
    private readonly double[] _makespanBefore = new double[tables.Units + 1];

    /// <summary>Begins with a schedule.</summary>
    /// <param name="order">All units, each after those it reads from.</param>
    /// <param name="place">By unit: its processor.</param>
    /// <returns>Its makespan.</returns>
    public double Begin(int[] order, int[] place)
    {
        double makespan = Walk(order, place, 0, double.PositiveInfinity, out int end);
        budget.Spend(end);
        Keep(order, place, 0);
        return makespan;
    }

    /// <summary>Tries a change.</summary>
    /// <param name="order">The order after it.</param>
    /// <param name="place">The places after it.</param>
    /// <param name="from">The first position in the order where anything is different.</param>
    /// <param name="limit">The change is kept where the makespan is less.</param>
    [MethodImpl(JustInTime.Optimized)]
    public double Try(int[] order, int[] place, int from, double limit)
    {
        double makespan = Walk(order, place, from, limit, out int end);
        budget.Spend(end - from);
        if (makespan < limit)
        {
            Keep(order, place, from);
            return makespan;
        }
        for (int i = from; i < end; i++)
            _finish[order[i]] = _kept[order[i]];
        return makespan;
    }

    [MethodImpl(JustInTime.Optimized)]
    private double Walk(int[] order, int[] place, int from, double limit, out int end)
    {
        int processors = tables.Processors;
        Array.Copy(_freeBefore, from * processors, _free, 0, processors);
        double makespan = _makespanBefore[from];
        double[] times = tables.Times, output = tables.Output;
        end = from;
        while (end < order.Length && makespan < limit)
        {
            int unit = order[end++], processor = place[unit], at = (unit * processors) + processor;
            double finish = Math.Max(_free[processor], tables.Ready(unit, processor, place, _finish)) + times[at];
            _finish[unit] = finish;
            _free[processor] = finish;
            makespan = Math.Max(makespan, finish + output[at]);
        }
        return makespan;
    }

    [MethodImpl(JustInTime.Optimized)]
    private void Keep(int[] order, int[] place, int from)
    {
        int processors = tables.Processors;
        for (int i = from; i < order.Length; i++)
        {
            int unit = order[i], at = (unit * processors) + place[unit];
            _kept[unit] = _finish[unit];
            Array.Copy(_freeBefore, i * processors, _freeBefore, (i + 1) * processors, processors);
            _freeBefore[((i + 1) * processors) + place[unit]] = _finish[unit];
            _makespanBefore[i + 1] = Math.Max(_makespanBefore[i], _finish[unit] + tables.Output[at]);
        }
    }
}
