using System;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Placement;

/// <summary>
/// Bytes that a schedule takes on accelerators: the weights of the units there, for as long as the model is open, and on top of them the most that is live at
/// once: what units write there, from their start, what is copied there, from when its copy begins, each until its last reader there and its copies to elsewhere
/// are done, and what units need while they run.
/// </summary>
internal static class PeakMemory
{
    [MethodImpl(JustInTime.Optimized)]
    public static double Of(PlacementProblem problem, PlacementSchedule schedule)
    {
        double all = 0;
        for (int space = 1; space <= Spaces(problem); space++)
            all += OfSpace(problem, schedule, space);
        return all;
    }

    /// <summary>What finding it takes, in units looked at: it sorts all values and units, twice.</summary>
    public static long Visits(PlacementProblem problem) => 4L * (problem.Values.Count + problem.Units.Count);

    private static int Spaces(PlacementProblem problem)
    {
        int most = 0;
        foreach (Processor processor in problem.Processors)
            most = Math.Max(most, processor.Space);
        return most;
    }

    /// <summary>Bytes of the weights alone.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public static double Weights(PlacementProblem problem, int[] place, int space)
    {
        bool[] there = new bool[problem.WeightBytes.Length];
        double sum = 0;
        for (int unit = 0; unit < place.Length; unit++)
        {
            if (problem.Processors[place[unit]].Space != space)
                continue;
            foreach (int weight in problem.Units[unit].Weights)
            {
                sum += there[weight] ? 0 : problem.WeightBytes[weight];
                there[weight] = true;
            }
        }
        return sum;
    }

    [MethodImpl(JustInTime.Optimized)]
    private static double OfSpace(PlacementProblem problem, PlacementSchedule schedule, int space)
    {
        Changes changes = new(problem.Values.Count + schedule.Place.Length);
        foreach (PlacementValue value in problem.Values)
            AddValue(problem, schedule, value, space, changes);
        for (int unit = 0; unit < schedule.Place.Length; unit++)
        {
            if (problem.Processors[schedule.Place[unit]].Space == space && problem.Units[unit].Workspace > 0)
                changes.Add(schedule.Start[unit], schedule.Finish[unit], problem.Units[unit].Workspace);
        }
        return changes.Most() + Weights(problem, schedule.Place, space);
    }

    private static void AddValue(PlacementProblem problem, PlacementSchedule schedule, PlacementValue value, int space, Changes changes)
    {
        Processor maker = problem.Processors[value.Producer < 0 ? 0 : schedule.Place[value.Producer]];
        double made = value.Producer < 0 ? 0 : schedule.Finish[value.Producer];
        double from = maker.Space == space ? schedule.Start[value.Producer] : made, to = made;
        bool isThere = maker.Space == space;
        foreach (int reader in value.Readers)
        {
            Processor at = problem.Processors[schedule.Place[reader]];
            if (at.Space == space)
                to = Math.Max(to, schedule.Finish[reader]);
            else if (maker.Space == space)
                to = Math.Max(to, made + problem.Transfers.Between(maker, at, 1, value.Bytes));
            isThere |= at.Space == space;
        }
        if (value.IsOutput && maker.Space == space)
            to = Math.Max(to, made + problem.Transfers.Between(maker, problem.Processors[0], 1, value.Bytes));
        if (isThere)
            changes.Add(from, to, value.Bytes);
    }

    // What is there from when to when, in two sorted rows: a search asks for the peak of thousands of schedules.
    private sealed class Changes(int most)
    {
        private readonly double[] _from = new double[most];
        private readonly double[] _to = new double[most];
        private readonly double[] _begun = new double[most];
        private readonly double[] _ended = new double[most];
        private int _count;

        public void Add(double from, double to, double bytes)
        {
            if (bytes <= 0)
                return;
            // Also what takes no time is there once.
            (_from[_count], _to[_count]) = (from, Math.Max(to, NextAfter(from)));
            _begun[_count] = _ended[_count] = bytes;
            _count++;
        }

        [MethodImpl(JustInTime.Optimized)]
        public double Most()
        {
            Array.Sort(_from, _begun, 0, _count);
            Array.Sort(_to, _ended, 0, _count);
            double live = 0, most = 0;
            int ended = 0;
            for (int i = 0; i < _count; i++)
            {
                // What ends at a time is gone before what begins then.
                while (_to[ended] <= _from[i])
                    live -= _ended[ended++];
                live += _begun[i];
                most = Math.Max(most, live);
            }
            return most;
        }

        private static double NextAfter(double time) => time + Math.Max(1e-9, time * 1e-12);
    }
}
