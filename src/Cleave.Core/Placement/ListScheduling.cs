using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Placement;

/// <summary>What is known of a unit before anything is placed.</summary>
internal enum RankBy
{
    /// <summary>The mean over processors.</summary>
    Mean,

    /// <summary>The fastest processor.</summary>
    Fastest,

    /// <summary>The slowest processor that can run it.</summary>
    Slowest,
}

/// <summary>
/// List scheduling by upward rank (Topcuoglu, Hariri and Wu 2002, "HEFT"): the unit from which it takes longest to the end first, each where it is done
/// earliest, also in a gap between two others.
/// </summary>
internal sealed class ListScheduling
{
    private readonly PlacementProblem _problem;
    private readonly double[] _rank;
    private readonly double[][] _ahead;
    private readonly bool _looksAhead;
    private readonly double[] _finish;
    private readonly int[] _place;
    private readonly double[] _start;
    private readonly List<(double Start, double End, int Unit)>[] _busy;

    private ListScheduling(PlacementProblem problem, RankBy by, bool looksAhead)
    {
        _problem = problem;
        _looksAhead = looksAhead;
        int units = problem.Units.Count;
        _rank = UpwardRanks(problem, by);
        _ahead = looksAhead ? OptimisticRest(problem) : [];
        _finish = new double[units];
        _place = new int[units];
        _start = new double[units];
        _busy = new List<(double, double, int)>[problem.Processors.Count];
        for (int i = 0; i < _busy.Length; i++)
            _busy[i] = [];
    }

    /// <param name="problem">What is to be placed.</param>
    /// <param name="by">What decides who comes first.</param>
    /// <param name="looksAhead">Whether a unit goes where the way from there to the end looks shortest (Arabnejad and Barbosa 2014, "PEFT"), not where it is done earliest.</param>
    /// <param name="allowed">Which processors may be used; null: all. Units that none of them can run go wherever they can.</param>
    /// <returns>By unit: its processor; all units by start, gaps used; and by unit: its start.</returns>
    public static (int[] Place, int[] Order, double[] Start) Place(PlacementProblem problem, RankBy by, bool looksAhead, Func<int, bool>? allowed = null) =>
        new ListScheduling(problem, by, looksAhead).Place(allowed ?? (static _ => true));

    private (int[] Place, int[] Order, double[] Start) Place(Func<int, bool> allowed)
    {
        int[] order = new int[_rank.Length];
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        Array.Sort(order, (a, b) => Known(_rank[b]).CompareTo(Known(_rank[a])) is not 0 and var falling ? falling : a.CompareTo(b));
        foreach (int unit in order)
            PlaceOne(unit, allowed);
        int[] byStart = (int[])order.Clone();
        int[] rankOf = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
            rankOf[order[i]] = i;
        Array.Sort(byStart, (a, b) => Known(_start[a]).CompareTo(Known(_start[b])) is not 0 and var rising ? rising
            : Known(_finish[a]).CompareTo(Known(_finish[b])) is not 0 and var ending ? ending : rankOf[a].CompareTo(rankOf[b]));
        return (_place, byStart, _start);

        // A rank that is no number is one of all units before, a start that is none one of all after.
        static double Known(double time) => double.IsNaN(time) ? double.PositiveInfinity : time;
    }

    [MethodImpl(JustInTime.Optimized)]
    private void PlaceOne(int unit, Func<int, bool> allowed)
    {
        bool any = false;
        for (int p = 0; p < _busy.Length; p++)
            any |= allowed(p) && _problem.CanRun(unit, p);
        int best = -1;
        double bestKey = double.PositiveInfinity, bestStart = 0;
        for (int p = 0; p < _busy.Length; p++)
        {
            if (!_problem.CanRun(unit, p) || (any && !allowed(p)))
                continue;
            double time = _problem.Units[unit].Times[p];
            double start = Gap(p, Ready(unit, p), time);
            double key = start + time + (_looksAhead ? _ahead[p][unit] : _problem.Output[p][unit]);
            if (best < 0 || key < bestKey)
                (best, bestKey, bestStart) = (p, key, start);
        }
        double end = bestStart + _problem.Units[unit].Times[best];
        _place[unit] = best;
        _finish[unit] = end;
        _start[unit] = bestStart;
        List<(double Start, double End, int Unit)> busy = _busy[best];
        int at = busy.Count;
        // What takes no time comes before what starts where it does: the last end of the row is to be the greatest.
        while (at > 0 && (busy[at - 1].Start > bestStart || (busy[at - 1].Start == bestStart && busy[at - 1].End >= end)))
            at--;
        busy.Insert(at, (bestStart, end, unit));
    }

    [MethodImpl(JustInTime.Optimized)]
    private double Ready(int unit, int processor)
    {
        double ready = _problem.Input[processor][unit];
        int[] predecessors = _problem.Graph.Predecessors[unit];
        for (int i = 0; i < predecessors.Length; i++)
            ready = Math.Max(ready, _finish[predecessors[i]] + _problem.Delay(unit, i, _place[predecessors[i]], processor));
        return ready;
    }

    // Found from the end: early gaps are too early anyway.
    [MethodImpl(JustInTime.Optimized)]
    private double Gap(int processor, double ready, double time)
    {
        List<(double Start, double End, int Unit)> busy = _busy[processor];
        double start = busy.Count == 0 ? ready : Math.Max(ready, busy[busy.Count - 1].End);
        for (int i = busy.Count - 1; i >= 0; i--)
        {
            double from = Math.Max(ready, i == 0 ? 0 : busy[i - 1].End);
            if (from + time <= busy[i].Start)
                start = from;
            if (busy[i].Start <= ready)
                break;
        }
        return start;
    }

    // rank(v) = t(v) + max over successors (mean copy + rank)
    [MethodImpl(JustInTime.Optimized)]
    private static double[] UpwardRanks(PlacementProblem problem, RankBy by)
    {
        double[] rank = new double[problem.Units.Count];
        for (int unit = rank.Length - 1; unit >= 0; unit--)
        {
            double longest = 0;
            foreach (int successor in problem.Graph.Successors[unit])
            {
                int edge = Array.BinarySearch(problem.Graph.Predecessors[successor], unit);
                longest = Math.Max(longest, rank[successor] + MeanDelay(problem, successor, edge));
            }
            rank[unit] = longest + Time(problem.Units[unit].Times, by);
        }
        return rank;
    }

    private static double Time(double[] times, RankBy by)
    {
        double sum = 0, least = double.PositiveInfinity, most = 0;
        int count = 0;
        foreach (double time in times)
        {
            if (double.IsPositiveInfinity(time))
                continue;
            sum += time;
            least = Math.Min(least, time);
            most = Math.Max(most, time);
            count++;
        }
        return by == RankBy.Mean ? sum / count : by == RankBy.Fastest ? least : most;
    }

    private static double MeanDelay(PlacementProblem problem, int unit, int edge)
    {
        double sum = 0;
        int processors = problem.Processors.Count;
        for (int from = 0; from < processors; from++)
        {
            for (int to = 0; to < processors; to++)
                sum += problem.Delay(unit, edge, from, to);
        }
        return sum / (processors * processors);
    }

    // By processor, then by unit: how long it takes from its end to the end of all, where every unit after it runs where that is shortest.
    [MethodImpl(JustInTime.Optimized)]
    private static double[][] OptimisticRest(PlacementProblem problem)
    {
        int processors = problem.Processors.Count;
        double[][] rest = new double[processors][];
        for (int p = 0; p < processors; p++)
            rest[p] = new double[problem.Units.Count];
        for (int unit = problem.Units.Count - 1; unit >= 0; unit--)
        {
            for (int p = 0; p < processors; p++)
            {
                double longest = problem.Output[p][unit];
                foreach (int successor in problem.Graph.Successors[unit])
                {
                    int edge = Array.BinarySearch(problem.Graph.Predecessors[successor], unit);
                    double shortest = double.PositiveInfinity;
                    for (int q = 0; q < processors; q++)
                        shortest = Math.Min(shortest, problem.Delay(successor, edge, p, q) + problem.Units[successor].Times[q] + rest[q][successor]);
                    longest = Math.Max(longest, shortest);
                }
                rest[p][unit] = longest;
            }
        }
        return rest;
    }
}
