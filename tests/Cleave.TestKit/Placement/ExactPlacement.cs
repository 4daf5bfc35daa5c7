using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Placement;

namespace Cleave.TestKit.Placement;

/// <summary>
/// The least makespan there is, by branch and bound: an oracle for the planner, which shares nothing with it but the problem. Units start in the order of their
/// start times, so every schedule comes up once; a state that is nowhere better than another one with the same units done is left. For up to about 16 units.
/// </summary>
internal sealed class ExactPlacement
{
    private readonly PlacementProblem _problem;
    private readonly int _units;
    private readonly int _processors;
    private readonly double[] _leastTime;
    // As the problem has them, without a call for each.
    private readonly int[][] _predecessors;
    private readonly int[][] _successors;
    private readonly double[][] _times;
    private readonly double[][][] _delays;
    // By unit, then by processor: from its end to the end of all, as if processors were never busy.
    private readonly double[][] _rest;
    private readonly int[] _place;
    private readonly double[] _finish;
    private readonly double[] _free;
    private readonly double[][] _bound;
    private readonly Dictionary<(int Mask, int Places), List<double[]>> _seen = [];
    // By depth, so that nothing is allocated on the way.
    private readonly (int Unit, int Processor, double Start, double End)[][] _choices;
    private readonly double[] _state;
    // Units by how much better the first of two processors is for them.
    private readonly int[] _byAdvantage;
    private double _best;
    private int _done;

    private ExactPlacement(PlacementProblem problem, double upper)
    {
        if (problem.Units.Count > 20)
            throw new ArgumentException("too many units for branch and bound", nameof(problem));
        _problem = problem;
        _units = problem.Units.Count;
        _processors = problem.Processors.Count;
        _leastTime = [.. problem.Units.Select(u => u.Times.Min())];
        _predecessors = problem.Graph.Predecessors;
        _successors = problem.Graph.Successors;
        _times = [.. problem.Units.Select(u => u.Times)];
        _delays = [.. _predecessors.Select((p, u) => p.Select((_, i) => Enumerable.Range(0, _processors * _processors).Select(n => problem.Delay(u, i, n / _processors, n % _processors)).ToArray()).ToArray())];
        _rest = Rest();
        _place = new int[_units];
        _finish = new double[_units];
        _free = new double[_processors];
        _bound = [.. Enumerable.Range(0, _units).Select(_ => new double[_processors])];
        _choices = [.. Enumerable.Range(0, _units + 1).Select(_ => new (int, int, double, double)[_units * _processors])];
        _state = new double[2 + _processors + _units];
        _byAdvantage = [.. Enumerable.Range(0, _units).OrderBy(u => problem.Units[u].Times[0] / problem.Units[u].Times[^1]).ThenBy(u => u)];
        _best = upper;
    }

    /// <param name="problem">The problem.</param>
    /// <param name="upper">A makespan that a schedule is known to have; only better ones are looked for.</param>
    /// <returns>The least makespan.</returns>
    public static double Makespan(PlacementProblem problem, double upper)
    {
        // A little more, so that a schedule of exactly that makespan is found, too.
        ExactPlacement search = new(problem, upper * (1 + 1e-9));
        search.Branch(depth: 0, makespan: 0, lastStart: 0, lastUnit: -1);
        return Math.Min(search._best, upper);
    }

    private double[][] Rest()
    {
        double[][] rest = [.. Enumerable.Range(0, _units).Select(_ => new double[_processors])];
        for (int unit = _units - 1; unit >= 0; unit--)
        {
            for (int p = 0; p < _processors; p++)
            {
                rest[unit][p] = _problem.Output[p][unit];
                foreach (int successor in _successors[unit])
                {
                    double[] delays = _delays[successor][Array.IndexOf(_predecessors[successor], unit)];
                    rest[unit][p] = Math.Max(rest[unit][p], Enumerable.Range(0, _processors).Min(q => delays[(p * _processors) + q] + _times[successor][q] + rest[successor][q]));
                }
            }
        }
        return rest;
    }

    private void Branch(int depth, double makespan, double lastStart, int lastUnit)
    {
        if (depth == _units)
        {
            _best = Math.Min(_best, makespan);
            return;
        }
        if (makespan >= _best || LowerBound() >= _best || IsDominated(makespan, lastStart))
            return;
        int count = Choose(_choices[depth], lastStart, lastUnit);
        for (int i = 0; i < count; i++)
        {
            (int unit, int processor, double start, double end) = _choices[depth][i];
            if (end + _rest[unit][processor] >= _best)
                continue;
            double free = _free[processor];
            _place[unit] = processor;
            _finish[unit] = end;
            _free[processor] = end;
            _done |= 1 << unit;
            Branch(depth + 1, Math.Max(makespan, end + _problem.Output[processor][unit]), start, unit);
            _done &= ~(1 << unit);
            _free[processor] = free;
        }
    }

    // What can start next, not before what started last; what ends soonest first.
    private int Choose((int Unit, int Processor, double Start, double End)[] choices, double lastStart, int lastUnit)
    {
        int count = 0;
        for (int unit = 0; unit < _units; unit++)
        {
            if (IsDone(unit) || !AreDone(_predecessors[unit]))
                continue;
            for (int processor = 0; processor < _processors; processor++)
            {
                if (double.IsPositiveInfinity(_times[unit][processor]))
                    continue;
                double start = Start(unit, processor);
                if (start < lastStart || (start == lastStart && unit <= lastUnit))
                    continue;
                double end = start + _times[unit][processor];
                int at = count++;
                for (; at > 0 && choices[at - 1].End > end; at--)
                    choices[at] = choices[at - 1];
                choices[at] = (unit, processor, start, end);
            }
        }
        return count;
    }

    private bool IsDone(int unit) => (_done & (1 << unit)) != 0;

    private bool AreDone(int[] units)
    {
        foreach (int unit in units)
        {
            if (!IsDone(unit))
                return false;
        }
        return true;
    }

    private double Start(int unit, int processor)
    {
        double ready = Math.Max(_free[processor], _problem.Input[processor][unit]);
        int[] predecessors = _predecessors[unit];
        for (int i = 0; i < predecessors.Length; i++)
            ready = Math.Max(ready, _finish[predecessors[i]] + _delays[unit][i][(_place[predecessors[i]] * _processors) + processor]);
        return ready;
    }

    // As if every processor could run any number of units at once, but none before it is free; and as if what is left could be divided between them at will.
    private double LowerBound()
    {
        double longest = 0;
        for (int unit = 0; unit < _units; unit++)
        {
            bool isDone = IsDone(unit);
            double least = double.PositiveInfinity;
            for (int p = 0; p < _processors; p++)
            {
                _bound[unit][p] = isDone ? (_place[unit] == p ? _finish[unit] : double.PositiveInfinity) : Earliest(unit, p);
                least = Math.Min(least, _bound[unit][p] + _problem.Output[p][unit]);
            }
            longest = Math.Max(longest, least);
        }
        return longest >= _best ? longest : Math.Max(longest, _processors == 2 ? Divided() : Evenly());
    }

    private double Evenly()
    {
        double work = 0;
        foreach (double free in _free)
            work += free;
        for (int unit = 0; unit < _units; unit++)
            work += IsDone(unit) ? 0 : _leastTime[unit];
        return work / _processors;
    }

    // Two processors, units that may be cut: the first gets those for which it is better, from the front, until it would be done later than the other one with the rest.
    private double Divided()
    {
        double first = _free[0], second = _free[1];
        foreach (int unit in _byAdvantage)
        {
            if (!IsDone(unit))
                second += _times[unit][1];
        }
        foreach (int unit in _byAdvantage)
        {
            if (IsDone(unit))
                continue;
            double here = _times[unit][0], there = _times[unit][1];
            if (double.IsPositiveInfinity(there))
            {
                // Only the first can run it. What the sum of the others is, was lost in it.
                second = _free[1];
                foreach (int other in _byAdvantage)
                    second += IsDone(other) || double.IsPositiveInfinity(_times[other][1]) ? 0 : _times[other][1];
                first += here;
                continue;
            }
            if (first + here >= second - there)
            {
                // Cut so that both are done at once; where the first is later already, it gets none of it.
                double part = Math.Clamp((second - first) / (here + there), 0, 1);
                return Math.Max(first + (part * here), second - (part * there));
            }
            first += here;
            second -= there;
        }
        return Math.Max(first, second);
    }

    private double Earliest(int unit, int processor)
    {
        double ready = Math.Max(_free[processor], _problem.Input[processor][unit]);
        int[] predecessors = _predecessors[unit];
        for (int i = 0; i < predecessors.Length; i++)
        {
            double there = double.PositiveInfinity;
            for (int from = 0; from < _processors; from++)
                there = Math.Min(there, _bound[predecessors[i]][from] + _delays[unit][i][(from * _processors) + processor]);
            ready = Math.Max(ready, there);
        }
        return ready + _times[unit][processor];
    }

    // What matters of the past: when processors are free, and where and when values are that are still to be read.
    private bool IsDominated(double makespan, double lastStart)
    {
        int places = 1, count = 0;
        _state[count++] = makespan;
        _state[count++] = lastStart;
        foreach (double free in _free)
            _state[count++] = free;
        for (int unit = 0; unit < _units; unit++)
        {
            if (!IsDone(unit) || AreDone(_successors[unit]))
                continue;
            places = (places * _processors) + _place[unit];
            _state[count++] = _finish[unit];
        }
        ReadOnlySpan<double> now = _state.AsSpan(0, count);
        if (!_seen.TryGetValue((_done, places), out List<double[]>? known))
            _seen.Add((_done, places), known = []);
        foreach (double[] other in known)
        {
            // Of two that are alike one goes on; the order of equal starts is then the other's.
            if (IsNowhereWorse(other, now))
                return !other.AsSpan().SequenceEqual(now);
        }
        for (int i = known.Count - 1; i >= 0; i--)
        {
            if (IsNowhereWorse(now, known[i]))
                known.RemoveAt(i);
        }
        known.Add(now.ToArray());
        return false;
    }

    private static bool IsNowhereWorse(ReadOnlySpan<double> one, ReadOnlySpan<double> other)
    {
        for (int i = 0; i < one.Length; i++)
        {
            if (one[i] > other[i])
                return false;
        }
        return true;
    }
}
