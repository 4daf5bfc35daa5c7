using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Cleave.Core.Passes.Partitions;

namespace Cleave.Core.Placement;

/// <summary>
/// Places units so that all of them are done soonest: list scheduling by several ranks, then moves of units, chains and readers of a weight to other processors,
/// and of units before others, while that helps; from what is found in this way, again after a random change. Everything on the CPU, and everything on one accelerator that it can run, are among the
/// candidates, so no plan is slower than those by its own model. Deterministic. The exact problem is NP-hard.
/// </summary>
internal sealed class LatencySearch
{
    // Units looked at: bounds the time for large graphs.
    private const long MostVisits = 3_000_000;

    // Graphs of a few units are done after so many changes in vain.
    private const int MostKicks = 24;

    // Of so few, more changes are tried, and more ways to move them.
    private const int FewUnits = 20;
    private const int MostKicksOfFew = 120;

    private readonly PlacementProblem _problem;
    private readonly PlacementBudget _budget;
    // With less than this left no more random changes are tried.
    private readonly long _leastForKicks;
    private readonly ScheduleWalk _walk;
    private readonly TrialWalk _trial;
    private readonly IReadOnlyList<int[]> _moves;
    private readonly int[] _position;
    private int[] _order = [];
    private int[] _place = [];
    private double _makespan;

    private LatencySearch(PlacementProblem problem, PlacementBudget budget)
    {
        _problem = problem;
        _budget = budget.Part(MostVisits);
        _leastForKicks = _budget.Left / 2;
        WalkTables tables = new(problem);
        _walk = new ScheduleWalk(tables, _budget);
        _trial = new TrialWalk(tables, _budget);
        _moves = PlacementMoves.Of(problem);
        _position = new int[problem.Units.Count];
    }

    /// <param name="problem">What is to be placed.</param>
    /// <param name="budget">What may be spent.</param>
    public static PlacementSchedule Best(PlacementProblem problem, PlacementBudget budget) => new LatencySearch(problem, budget).Best();

    /// <summary>All units on processors of one memory, as far as they can run there, and what cannot on the CPU.</summary>
    public static PlacementSchedule Only(PlacementProblem problem, int space)
    {
        ScheduleWalk walk = new(problem);
        return Better(walk, ListScheduling.Place(problem, RankBy.Mean, looksAhead: false, p => problem.Processors[p].Space == space));
    }

    private PlacementSchedule Best()
    {
        List<PlacementSchedule> candidates = [.. Candidates().OrderBy(c => c.Makespan)];
        PlacementSchedule best = candidates[0];
        foreach (PlacementSchedule candidate in candidates.Take(3))
        {
            PlacementSchedule improved = Improved(candidate);
            if (improved.Makespan < best.Makespan)
                best = improved;
        }
        return Exhausted(Kicked(best));
    }

    // Every placement, each with its units in the order of the longest way, and then before others while that helps.
    private PlacementSchedule Exhausted(PlacementSchedule best)
    {
        foreach (int[] place in EveryPlacement.Of(_problem))
        {
            _place = place;
            _order = _walk.ByLongestWay(_place);
            Begin();
            for (bool better = true; better;)
                better = MoveBefore();
            if (_makespan < best.Makespan)
                best = _walk.Schedule(_order, _place);
        }
        return best;
    }

    private IEnumerable<PlacementSchedule> Candidates()
    {
        foreach (int space in _problem.Processors.Select(p => p.Space).Distinct())
            yield return Only(_problem, space);
        foreach (RankBy by in new[] { RankBy.Mean, RankBy.Fastest, RankBy.Slowest })
        {
            foreach (bool looksAhead in new[] { false, true })
            {
                yield return Better(_walk, ListScheduling.Place(_problem, by, looksAhead));
            }
        }
    }

    // As it was found, or by the longest way to the end.
    private static PlacementSchedule Better(ScheduleWalk walk, (int[] Place, int[] Order, double[] Start) found)
    {
        PlacementSchedule one = walk.Schedule(found.Order, found.Place), other = walk.Schedule(walk.ByLongestWay(found.Place), found.Place);
        return other.Makespan < one.Makespan ? other : one;
    }

    // Local optima of few units are left by changing some at random; the seed is fixed, so the same problem gives the same plan.
    private PlacementSchedule Kicked(PlacementSchedule best)
    {
        SeededRandom random = new((ulong)_problem.Units.Count);
        int most = _problem.Units.Count <= FewUnits ? MostKicksOfFew : MostKicks;
        int kicks = most;
        while (kicks-- > 0 && _budget.Left > _leastForKicks && _problem.Units.Count > 1)
        {
            int[] place = (int[])best.Place.Clone();
            for (int changes = 1 + random.Below(1 + Math.Min(5, place.Length / 3)); changes > 0; changes--)
            {
                int unit = random.Below(place.Length), processor = random.Below(_problem.Processors.Count);
                if (_problem.CanRun(unit, processor))
                    place[unit] = processor;
            }
            PlacementSchedule improved = Improved(_walk.Schedule(_walk.ByLongestWay(place), place));
            if (improved.Makespan < best.Makespan)
            {
                best = improved;
                kicks = most;
            }
        }
        return best;
    }

    private PlacementSchedule Improved(PlacementSchedule from)
    {
        _order = (int[])from.Order.Clone();
        _place = (int[])from.Place.Clone();
        Begin();
        bool better = true;
        while (better && _budget.Left > 0)
        {
            better = MoveToOthers() | MoveBefore();
            // As the placement now is, another order may be better; and by start it is the same schedule, from which others are near.
            int[] order = _walk.ByLongestWay(_place);
            double makespan = _walk.Makespan(order, _place, _makespan);
            if (makespan < _makespan)
            {
                _order = order;
                Begin();
                better = true;
            }
            else if (better)
            {
                _order = _walk.Schedule(_order, _place).Order;
                Begin();
            }
        }
        return _walk.Schedule(_order, _place);
    }

    // From here on changes are tried on this order and these places.
    private void Begin()
    {
        _makespan = _trial.Begin(_order, _place);
        for (int i = 0; i < _order.Length; i++)
            _position[_order[i]] = i;
    }

    [MethodImpl(JustInTime.Optimized)]
    private bool MoveToOthers()
    {
        bool better = false;
        bool isSmall = _place.Length <= 64;
        foreach (int[] group in _moves)
        {
            for (int processor = 0; processor < _problem.Processors.Count && _budget.Left > 0; processor++)
            {
                if (Array.TrueForAll(group, u => _place[u] == processor) || !Array.TrueForAll(group, u => _problem.CanRun(u, processor)))
                    continue;
                int[] before = Array.ConvertAll(group, u => _place[u]);
                int first = int.MaxValue;
                foreach (int unit in group)
                {
                    _place[unit] = processor;
                    first = Math.Min(first, _position[unit]);
                }
                double makespan = _trial.Try(_order, _place, first, _makespan);
                if (makespan < _makespan)
                {
                    _makespan = makespan;
                    better = true;
                    continue;
                }
                // A move may only pay in an order of its own.
                if (isSmall && _walk.ByLongestWay(_place) is var order && _walk.Makespan(order, _place, _makespan) < _makespan)
                {
                    _order = order;
                    Begin();
                    better = true;
                    continue;
                }
                for (int i = 0; i < group.Length; i++)
                    _place[group[i]] = before[i];
            }
        }
        return better;
    }

    // Each unit before the one that its processor runs before it, unless it reads from anything between.
    [MethodImpl(JustInTime.Optimized)]
    private bool MoveBefore()
    {
        bool better = false;
        for (int i = 1; i < _order.Length && _budget.Left > 0; i++)
        {
            int unit = _order[i], at = i;
            do
            {
                at--;
            }
            while (at >= 0 && _place[_order[at]] != _place[unit]);
            if (at < 0 || ReadsAny(unit, at, i))
                continue;
            Shift(i, at);
            double makespan = _trial.Try(_order, _place, at, _makespan);
            if (makespan < _makespan)
            {
                _makespan = makespan;
                better = true;
            }
            else
            {
                Shift(at, i);
            }
        }
        return better;
    }

    private bool ReadsAny(int unit, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            if (Array.BinarySearch(_problem.Graph.Predecessors[unit], _order[i]) >= 0)
                return true;
        }
        return false;
    }

    private void Shift(int from, int to)
    {
        int unit = _order[from];
        if (from > to)
            Array.Copy(_order, to, _order, to + 1, from - to);
        else
            Array.Copy(_order, from + 1, _order, from, to - from);
        _order[to] = unit;
        for (int i = Math.Min(from, to); i <= Math.Max(from, to); i++)
            _position[_order[i]] = i;
    }
}
