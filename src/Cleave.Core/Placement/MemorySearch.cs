using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Placement;

/// <summary>
/// Places units so that they take the least memory on accelerators and are done by a deadline. From the fastest placement, what saves most for the time it costs
/// goes to the CPU while the deadline holds, and so from the accelerator alone; from the CPU, what gains most for the memory it takes goes to an accelerator until
/// it holds, and back what can then; the best of these. Of few ways to place all units each is tried. Deterministic.
/// </summary>
internal sealed class MemorySearch
{
    private const long MostVisits = 16_000_000;

    // What misses the deadline by so much is not saved by another order of its units, as a rule; of few units it is tried all the same.
    private const double Hopeless = 1.1;
    private const int FewUnits = 64;

    private readonly PlacementProblem _problem;
    private readonly double _deadline;
    private readonly PlacementBudget _budget;
    private readonly ScheduleWalk _walk;
    private readonly IReadOnlyList<int[]> _moves;
    private readonly int _host;

    private MemorySearch(PlacementProblem problem, double deadline, PlacementBudget budget)
    {
        _problem = problem;
        _deadline = deadline;
        _budget = budget.Part(MostVisits);
        _walk = new ScheduleWalk(problem, _budget);
        _moves = PlacementMoves.Of(problem);
        _host = 0;
    }

    /// <param name="problem">What is to be placed.</param>
    /// <param name="deadline">Nanoseconds.</param>
    /// <param name="fastest">What is done soonest.</param>
    /// <param name="budget">What may be spent.</param>
    /// <returns>What takes least memory; null where even the fastest misses the deadline.</returns>
    public static PlacementSchedule? Best(PlacementProblem problem, double deadline, PlacementSchedule fastest, PlacementBudget budget) =>
        fastest.Makespan > deadline ? null : new MemorySearch(problem, deadline, budget).Best(fastest);

    private PlacementSchedule Best(PlacementSchedule fastest)
    {
        Found best = Of(fastest);
        PlacementSchedule host = LatencySearch.Only(_problem, space: 0);
        foreach (PlacementSchedule start in new[] { fastest, LatencySearch.Only(_problem, space: 1), Grown(host) })
        {
            if (start.Makespan > _deadline)
                continue;
            Found shrunk = Shrunk(Of(start));
            if (shrunk.Bytes < best.Bytes)
                best = shrunk;
        }
        return host.Makespan <= _deadline && host.IsHostOnly(_problem) ? host : Exhausted(best, fastest.Order).Schedule;
    }

    // Every placement of a small problem, each in the order of the longest way and in that of the fastest plan.
    private Found Exhausted(Found best, int[] order)
    {
        foreach (int[] place in EveryPlacement.Of(_problem))
        {
            foreach (int[] each in new[] { _walk.ByLongestWay(place), order })
            {
                if (_walk.Makespan(each, place, _deadline * (1 + 1e-12)) > _deadline)
                    continue;
                Found found = Of(_walk.Schedule(each, place));
                best = found.Bytes < best.Bytes ? found : best;
            }
        }
        return best;
    }

    // Groups go to the CPU, those first that save most for the time they cost there; again until none can.
    private Found Shrunk(Found found)
    {
        bool better = true;
        while (better && _budget.Left > 0)
        {
            better = false;
            foreach (int[] group in _moves.OrderByDescending(g => Saving(g, found.Schedule.Place)))
            {
                if (_budget.Left <= 0)
                    break;
                if (Moved(found, group, _host) is { } moved)
                {
                    found = moved;
                    better = true;
                }
            }
        }
        return found;
    }

    // From the CPU: what shortens the schedule most for the memory that it takes, until the deadline holds. The last step may take more than it has to.
    private PlacementSchedule Grown(PlacementSchedule from)
    {
        int device = Enumerable.Range(0, _problem.Processors.Count).FirstOrDefault(p => !_problem.Processors[p].IsHost);
        PlacementSchedule at = from;
        long half = _budget.Left / 2;
        int[][] groups = [.. _moves.Where(g => Array.TrueForAll(g, u => _problem.CanRun(u, device))).OrderByDescending(g => Gain(g, device))];
        for (int i = 0; i < groups.Length && at.Makespan > _deadline && _budget.Left > half; i++)
        {
            int[] place = (int[])at.Place.Clone();
            foreach (int unit in groups[i])
                place[unit] = device;
            PlacementSchedule next = _walk.Schedule(_walk.ByLongestWay(place), place);
            if (next.Makespan < at.Makespan)
                at = next;
        }
        return at;
    }

    [MethodImpl(JustInTime.Optimized)]
    private Found? Moved(Found found, int[] group, int processor)
    {
        int[] place = found.Schedule.Place;
        if (Array.TrueForAll(group, u => place[u] == processor || _problem.Processors[place[u]].IsHost)
            || !Array.TrueForAll(group, u => _problem.CanRun(u, processor)))
            return null;
        place = (int[])place.Clone();
        foreach (int unit in group)
            place[unit] = _problem.Processors[place[unit]].IsHost ? place[unit] : processor;
        int[] order = found.Schedule.Order;
        double makespan = _walk.Makespan(order, place, _deadline * Hopeless);
        if (makespan > _deadline)
        {
            // Sorting takes most of the time of large graphs.
            if (place.Length > FewUnits && makespan >= _deadline * Hopeless)
                return null;
            order = _walk.ByLongestWay(place);
            if (_walk.Makespan(order, place, _deadline * (1 + 1e-12)) > _deadline)
                return null;
        }
        Found moved = Of(_walk.Schedule(order, place));
        return moved.Bytes < found.Bytes ? moved : null;
    }

    private Found Of(PlacementSchedule schedule)
    {
        _budget.Spend(PeakMemory.Visits(_problem));
        return new Found(schedule, PeakMemory.Of(_problem, schedule));
    }

    private double Saving(int[] group, int[] place)
    {
        double bytes = Bytes(group), time = 1;
        foreach (int unit in group)
        {
            if (!_problem.Processors[place[unit]].IsHost)
                time += Math.Max(0, _problem.Units[unit].Times[_host] - _problem.Units[unit].Times[place[unit]]);
        }
        return bytes / time;
    }

    private double Gain(int[] group, int device)
    {
        double time = 0;
        foreach (int unit in group)
            time += _problem.Units[unit].Times[_host] - _problem.Units[unit].Times[device];
        return time / (1 + Bytes(group));
    }

    private double Bytes(int[] group) => group.SelectMany(u => _problem.Units[u].Weights).Distinct().Sum(w => _problem.WeightBytes[w])
        + group.Max(u => _problem.Units[u].Workspace);

    private sealed record Found(PlacementSchedule Schedule, double Bytes);
}
