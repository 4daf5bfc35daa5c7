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
    private readonly int[] _place;
    private readonly double[] _finish;
    private readonly double[] _free;
    private readonly double[][] _bound;
    private readonly Dictionary<(int Mask, int Places), List<double[]>> _seen = [];
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
        _place = new int[_units];
        _finish = new double[_units];
        _free = new double[_processors];
        _bound = [.. Enumerable.Range(0, _units).Select(_ => new double[_processors])];
        _best = upper;
    }

    /// <param name="problem">The problem.</param>
    /// <param name="upper">A makespan that a schedule is known to have; only better ones are looked for.</param>
    /// <returns>The least makespan.</returns>
    public static double Makespan(PlacementProblem problem, double upper)
    {
        // A little more, so that a schedule of exactly that makespan is found, too.
        ExactPlacement search = new(problem, upper * (1 + 1e-9));
        search.Branch(makespan: 0, lastStart: 0, lastUnit: -1);
        return Math.Min(search._best, upper);
    }

    private void Branch(double makespan, double lastStart, int lastUnit)
    {
        if (_done == (1 << _units) - 1)
        {
            _best = Math.Min(_best, makespan);
            return;
        }
        if (Math.Max(makespan, LowerBound()) >= _best || IsDominated(makespan, lastStart))
            return;
        foreach ((int unit, int processor, double start) in Choices().Where(c => c.Start > lastStart || (c.Start == lastStart && c.Unit > lastUnit)).ToArray())
        {
            double end = start + _problem.Units[unit].Times[processor], free = _free[processor];
            _place[unit] = processor;
            _finish[unit] = end;
            _free[processor] = end;
            _done |= 1 << unit;
            Branch(Math.Max(makespan, end + _problem.Output[processor][unit]), start, unit);
            _done &= ~(1 << unit);
            _free[processor] = free;
        }
    }

    private IEnumerable<(int Unit, int Processor, double Start)> Choices() =>
        from unit in Enumerable.Range(0, _units)
        where (_done & (1 << unit)) == 0 && Array.TrueForAll(_problem.Graph.Predecessors[unit], p => (_done & (1 << p)) != 0)
        from processor in Enumerable.Range(0, _processors)
        where _problem.CanRun(unit, processor)
        let start = Start(unit, processor)
        orderby start + _problem.Units[unit].Times[processor]
        select (unit, processor, start);

    private double Start(int unit, int processor)
    {
        double ready = Math.Max(_free[processor], _problem.Input[processor][unit]);
        int[] predecessors = _problem.Graph.Predecessors[unit];
        for (int i = 0; i < predecessors.Length; i++)
            ready = Math.Max(ready, _finish[predecessors[i]] + _problem.Delay(unit, i, _place[predecessors[i]], processor));
        return ready;
    }

    // As if every processor could run any number of units at once, but none before it is free; and as if all could share what is left evenly.
    private double LowerBound()
    {
        double longest = 0, work = _free.Sum();
        for (int unit = 0; unit < _units; unit++)
        {
            bool isDone = (_done & (1 << unit)) != 0;
            work += isDone ? 0 : _leastTime[unit];
            double least = double.PositiveInfinity;
            for (int p = 0; p < _processors; p++)
            {
                _bound[unit][p] = isDone ? (_place[unit] == p ? _finish[unit] : double.PositiveInfinity) : Earliest(unit, p);
                least = Math.Min(least, _bound[unit][p] + _problem.Output[p][unit]);
            }
            longest = Math.Max(longest, least);
        }
        return Math.Max(longest, work / _processors);
    }

    private double Earliest(int unit, int processor)
    {
        double ready = Math.Max(_free[processor], _problem.Input[processor][unit]);
        int[] predecessors = _problem.Graph.Predecessors[unit];
        for (int i = 0; i < predecessors.Length; i++)
        {
            double there = double.PositiveInfinity;
            for (int from = 0; from < _processors; from++)
                there = Math.Min(there, _bound[predecessors[i]][from] + _problem.Delay(unit, i, from, processor));
            ready = Math.Max(ready, there);
        }
        return ready + _problem.Units[unit].Times[processor];
    }

    // What matters of the past: when processors are free, and where and when values are that are still to be read.
    private bool IsDominated(double makespan, double lastStart)
    {
        int places = 1;
        List<double> state = [makespan, lastStart, .. _free];
        for (int unit = 0; unit < _units; unit++)
        {
            if ((_done & (1 << unit)) == 0 || Array.TrueForAll(_problem.Graph.Successors[unit], s => (_done & (1 << s)) != 0))
                continue;
            places = (places * _processors) + _place[unit];
            state.Add(_finish[unit]);
        }
        double[] now = [.. state];
        if (!_seen.TryGetValue((_done, places), out List<double[]>? known))
            _seen.Add((_done, places), known = []);
        foreach (double[] other in known)
        {
            // Of two that are alike one goes on; the order of equal starts is then the other's.
            if (IsNowhereWorse(other, now))
                return !other.AsSpan().SequenceEqual(now);
        }
        known.RemoveAll(other => IsNowhereWorse(now, other));
        known.Add(now);
        return false;
    }

    private static bool IsNowhereWorse(double[] one, double[] other)
    {
        for (int i = 0; i < one.Length; i++)
        {
            if (one[i] > other[i])
                return false;
        }
        return true;
    }
}
