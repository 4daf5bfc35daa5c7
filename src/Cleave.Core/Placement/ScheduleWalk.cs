using System;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Placement;

/// <summary>
/// Lets processors run their units in a common order, each as soon as its processor is free and what it reads is there. Keeps its arrays from walk to walk: a
/// search makes thousands. For one thread.
/// </summary>
internal sealed class ScheduleWalk
{
    private readonly WalkTables _tables;
    private readonly PlacementBudget _budget;
    private readonly double[] _free;
    private readonly double[] _start;
    private readonly double[] _finish;
    private readonly double[] _rank;

    /// <param name="problem">The problem.</param>
    /// <param name="budget">Units looked at are spent of it; null: nobody counts.</param>
    public ScheduleWalk(PlacementProblem problem, PlacementBudget? budget = null)
        : this(new WalkTables(problem), budget ?? new PlacementBudget())
    {
    }

    public ScheduleWalk(WalkTables tables, PlacementBudget budget)
    {
        _tables = tables;
        _budget = budget;
        _free = new double[tables.Processors];
        _start = new double[tables.Units];
        _finish = new double[tables.Units];
        _rank = new double[tables.Units];
    }

    /// <summary>Nanoseconds until the caller has all outputs.</summary>
    /// <param name="order">All units, each after those it reads from.</param>
    /// <param name="place">By unit: its processor.</param>
    /// <param name="limit">From here on nobody wants to know.</param>
    [MethodImpl(JustInTime.Optimized)]
    public double Makespan(int[] order, int[] place, double limit = double.PositiveInfinity)
    {
        Array.Clear(_free, 0, _free.Length);
        double[] times = _tables.Times, output = _tables.Output;
        int processors = _tables.Processors;
        double makespan = 0;
        for (int i = 0; i < order.Length; i++)
        {
            int unit = order[i], processor = place[unit], at = (unit * processors) + processor;
            double start = Math.Max(_free[processor], _tables.Ready(unit, processor, place, _finish));
            double finish = start + times[at];
            _start[unit] = start;
            _finish[unit] = finish;
            _free[processor] = finish;
            makespan = Math.Max(makespan, finish + output[at]);
            if (makespan >= limit)
            {
                _budget.Spend(i + 1);
                return makespan;
            }
        }
        _budget.Spend(order.Length);
        return makespan;
    }

    /// <summary>The same, with all times.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public PlacementSchedule Schedule(int[] order, int[] place)
    {
        double makespan = Makespan(order, place);
        double[] keys = new double[order.Length];
        int[] positions = new int[order.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = _start[order[i]];
            positions[i] = i;
        }
        WalkTables.StableSort(keys, positions);
        return new PlacementSchedule((int[])place.Clone(), Array.ConvertAll(positions, i => order[i]), (double[])_start.Clone(), (double[])_finish.Clone(), makespan);
    }

    /// <summary>All units by how long it takes from their start to the end, with the copies that the placement takes; each after those it reads from.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public int[] ByLongestWay(int[] place)
    {
        _budget.Spend(place.Length);
        int processors = _tables.Processors;
        for (int unit = 0; unit < place.Length; unit++)
            _rank[unit] = _tables.Output[(unit * processors) + place[unit]];
        // From the end: whoever reads a unit stands after it, so its rank is whole when its turn comes.
        for (int unit = place.Length - 1; unit >= 0; unit--)
        {
            double rank = _rank[unit] += _tables.Times[(unit * processors) + place[unit]];
            for (int edge = _tables.FirstEdge[unit]; edge < _tables.FirstEdge[unit + 1]; edge++)
            {
                int from = _tables.Predecessors[edge];
                double way = rank + _tables.Delays[(((edge * processors) + place[from]) * processors) + place[unit]];
                if (way > _rank[from])
                    _rank[from] = way;
            }
        }
        // Units of no time tie with those they read from: then the order of units decides, which is one of dependence.
        int[] order = new int[place.Length];
        double[] keys = new double[place.Length];
        for (int unit = 0; unit < order.Length; unit++)
        {
            order[unit] = unit;
            keys[unit] = -_rank[unit];
        }
        WalkTables.StableSort(keys, order);
        return order;
    }
}
