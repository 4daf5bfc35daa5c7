using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Clustering;

/// <summary>Puts clusters on a bounded number of lanes: the bound that the published algorithm lacks.</summary>
internal static class LanePlacement
{
    /// <summary>Each cluster, in the order given, to the lane with the least work so far.</summary>
    /// <param name="clusters">By cluster: its tasks.</param>
    /// <param name="lanes">How many lanes.</param>
    /// <param name="weights">By task.</param>
    /// <returns>By task: its lane. The first cluster's is 0, and no lane is empty.</returns>
    [MethodImpl(JustInTime.Optimized)]
    public static int[] ToLeastLoaded(IEnumerable<int[]> clusters, int lanes, double[] weights)
    {
        int[] laneOf = new int[weights.Length];
        double[] loads = new double[lanes];
        foreach (int[] cluster in clusters)
        {
            int lane = 0;
            for (int other = 1; other < lanes; other++)
            {
                if (loads[other] < loads[lane])
                    lane = other;
            }
            foreach (int task in cluster)
            {
                laneOf[task] = lane;
                loads[lane] += weights[task];
            }
        }
        return laneOf;
    }

    /// <summary>
    /// Threads for lanes that share so many cores: equal powers of two, and what is left doubles those of the lanes with most to do.
    /// </summary>
    /// <param name="laneOf">By task: its lane.</param>
    /// <param name="lanes">How many lanes.</param>
    /// <param name="cores">At least as many.</param>
    /// <param name="most">More are of no use to a lane.</param>
    /// <param name="tasks">The tasks.</param>
    [MethodImpl(JustInTime.Optimized)]
    public static int[] Threads(int[] laneOf, int lanes, int cores, int most, LaneTasks tasks)
    {
        int each = 1;
        while (each * 2 * lanes <= cores && each * 2 <= most)
            each *= 2;
        int[] threads = new int[lanes];
        for (int lane = 0; lane < lanes; lane++)
            threads[lane] = each;
        double[] loads = new double[lanes], times = tasks.Times(each);
        for (int task = 0; task < laneOf.Length; task++)
            loads[laneOf[task]] += tasks.IsCloned[task] ? 0 : times[task];
        int left = cores - (each * lanes);
        foreach (int lane in LinearClustering.Order(loads))
        {
            if (left < each || each * 2 > most)
                break;
            threads[lane] += each;
            left -= each;
        }
        return threads;
    }

    /// <summary>Lanes numbered by the first of their tasks in an order; lanes without tasks are left out.</summary>
    /// <param name="laneOf">By task: its lane.</param>
    /// <param name="order">The order of tasks.</param>
    /// <param name="isCloned">Tasks that belong to no lane.</param>
    /// <param name="lanes">How many lanes are left.</param>
    [MethodImpl(JustInTime.Optimized)]
    public static int[] Renumbered(int[] laneOf, int[] order, bool[] isCloned, out int lanes)
    {
        // By lane: its number, from 1; 0 where it has none yet.
        int[] numbers = new int[LaneWalk.MostLanes], renumbered = new int[laneOf.Length];
        int next = 0;
        foreach (int task in order)
        {
            if (isCloned[task])
                continue;
            if (numbers[laneOf[task]] == 0)
                numbers[laneOf[task]] = ++next;
            renumbered[task] = numbers[laneOf[task]] - 1;
        }
        lanes = Math.Max(1, next);
        return renumbered;
    }
}
