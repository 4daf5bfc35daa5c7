using System;
using System.Linq;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Placement;

/// <summary>
/// Lets processors run their units in a common order, each as soon as its processor is free and what it reads is there. Keeps its arrays from walk to walk: a
/// search makes thousands. For one thread.
/// </summary>
internal sealed class ScheduleWalk
{
    private readonly PlacementProblem _problem;
    private readonly int[][] _predecessors;
    private readonly int[][] _successors;
    private readonly double[] _free;
    private readonly double[] _start;
    private readonly double[] _finish;
    private readonly double[] _rank;

    public ScheduleWalk(PlacementProblem problem)
    {
        _problem = problem;
        _predecessors = problem.Graph.Predecessors;
        _successors = problem.Graph.Successors;
        _free = new double[problem.Processors.Count];
        _start = new double[problem.Units.Count];
        _finish = new double[problem.Units.Count];
        _rank = new double[problem.Units.Count];
    }

    /// <summary>Units looked at so far: what a search may spend.</summary>
    public long Visits { get; private set; }

    /// <summary>Nanoseconds until the caller has all outputs.</summary>
    /// <param name="order">All units, each after those it reads from.</param>
    /// <param name="place">By unit: its processor.</param>
    /// <param name="limit">From here on nobody wants to know.</param>
    [MethodImpl(JustInTime.Optimized)]
    public double Makespan(int[] order, int[] place, double limit = double.PositiveInfinity)
    {
        Array.Clear(_free, 0, _free.Length);
        double makespan = 0;
        for (int i = 0; i < order.Length; i++)
        {
            int unit = order[i], processor = place[unit];
            double start = Math.Max(_free[processor], Ready(unit, processor, place));
            double finish = start + _problem.Units[unit].Times[processor];
            _start[unit] = start;
            _finish[unit] = finish;
            _free[processor] = finish;
            makespan = Math.Max(makespan, finish + _problem.Output[processor][unit]);
            if (makespan >= limit)
            {
                Visits += i + 1;
                return makespan;
            }
        }
        Visits += order.Length;
        return makespan;
    }

    /// <summary>The same, with all times.</summary>
    public PlacementSchedule Schedule(int[] order, int[] place)
    {
        double makespan = Makespan(order, place);
        int[] byStart = [.. order.Select((unit, i) => (unit, i)).OrderBy(p => _start[p.unit]).ThenBy(p => p.i).Select(p => p.unit)];
        return new PlacementSchedule((int[])place.Clone(), byStart, (double[])_start.Clone(), (double[])_finish.Clone(), makespan);
    }

    /// <summary>All units by how long it takes from their start to the end, with the copies that the placement takes; each after those it reads from.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public int[] ByLongestWay(int[] place)
    {
        Visits += place.Length;
        int[] order = new int[place.Length];
        double[] keys = new double[place.Length];
        for (int unit = place.Length - 1; unit >= 0; unit--)
        {
            double longest = _problem.Output[place[unit]][unit];
            foreach (int successor in _successors[unit])
            {
                int edge = Array.BinarySearch(_predecessors[successor], unit);
                longest = Math.Max(longest, _rank[successor] + _problem.Delay(successor, edge, place[unit], place[successor]));
            }
            _rank[unit] = longest + _problem.Units[unit].Times[place[unit]];
        }
        // Units of no time tie with those they read from: then the order of units decides, which is one of dependence.
        for (int unit = 0; unit < order.Length; unit++)
        {
            order[unit] = unit;
            keys[unit] = -_rank[unit];
        }
        StableSort(keys, order);
        return order;
    }

    [MethodImpl(JustInTime.Optimized)]
    private double Ready(int unit, int processor, int[] place)
    {
        double ready = _problem.Input[processor][unit];
        int[] predecessors = _predecessors[unit];
        for (int i = 0; i < predecessors.Length; i++)
        {
            int from = place[predecessors[i]];
            double there = _finish[predecessors[i]];
            if (from != processor)
                there += _problem.Delay(unit, i, from, processor);
            if (there > ready)
                ready = there;
        }
        return ready;
    }

    private static void StableSort(double[] keys, int[] order) => Array.Sort(order, (a, b) =>
    {
        int byKey = keys[a].CompareTo(keys[b]);
        return byKey != 0 ? byKey : a.CompareTo(b);
    });
}
