using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Clustering;

/// <summary>
/// Critical-path linear clustering (Das and Rauchwerger 2023, algorithms 1 to 4, after Kim and Browne 1988): the longest path becomes
/// the first cluster, the longest of what is left the next, and clusters that follow one another in time become one.
/// </summary>
internal static class LinearClustering
{
    /// <summary>
    /// Algorithm 1: from the beginning of each task to the end of the last one that depends on it, on unbounded processors with a hand-over
    /// at every edge. It falls along every edge, so its falling order is one in which tasks can run.
    /// </summary>
    [MethodImpl(JustInTime.Optimized)]
    public static double[] DistanceToEnd(TaskGraph graph, double[] weights, double edge)
    {
        double[] distance = new double[graph.Count];
        for (int task = graph.Count - 1; task >= 0; task--)
        {
            double longest = 0;
            foreach (int successor in graph.Successors[task])
                longest = Math.Max(longest, edge + distance[successor]);
            distance[task] = weights[task] + longest;
        }
        return distance;
    }

    /// <summary>Tasks by falling distance, those of equal distance in the graph's order: each after those it depends on.</summary>
    public static int[] Order(double[] distance)
    {
        int[] order = new int[distance.Length];
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        // Array.Sort keeps no order among equals.
        Array.Sort(order, (a, b) => Known(b).CompareTo(Known(a)) is not 0 and var falling ? falling : a.CompareTo(b));
        return order;

        // Before one whose distance is no number, none has one that is.
        double Known(int task) => double.IsNaN(distance[task]) ? double.PositiveInfinity : distance[task];
    }

    /// <summary>Algorithm 2: each cluster a path; the first is the critical one. Each begins no later than those after it.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public static List<int[]> Paths(TaskGraph graph, double[] distance)
    {
        bool[] taken = new bool[graph.Count];
        List<int[]> paths = [];
        // The farthest that is left has no predecessor left: that would be farther.
        foreach (int first in Order(distance))
        {
            if (taken[first])
                continue;
            List<int> path = [];
            for (int task = first; task >= 0; task = Farthest(graph.Successors[task], distance, taken))
            {
                taken[task] = true;
                path.Add(task);
            }
            paths.Add([.. path]);
        }
        return paths;
    }

    /// <summary>
    /// Algorithms 3 and 4, as published: clusters that do not overlap in time, by the distance of their first and last tasks, become one, until no two are
    /// left that could. One pass over clusters sorted by their beginning does it: a cluster goes to the first that has ended.
    /// </summary>
    public static List<int[]> Merged(List<int[]> paths, double[] distance) => Merged(paths, static path => 0, distance);

    /// <summary>
    /// The same where a cluster has ended once its last task is over, not once that begins: branches of one task each, side by side, stay apart. As many clusters as
    /// lanes could have something to do.
    /// </summary>
    public static List<int[]> Concurrent(List<int[]> paths, double[] distance, double[] weights) => Merged(paths, path => weights[path[path.Length - 1]], distance);

    [MethodImpl(JustInTime.Optimized)]
    private static List<int[]> Merged(List<int[]> paths, Func<int[], double> last, double[] distance)
    {
        List<List<int>> merged = [];
        ClusterEnds ends = new(paths.Count);
        foreach (int[] path in Sorted())
        {
            int place = ends.NotBelow(Start(path));
            if (place == merged.Count)
                merged.Add([]);
            // What follows in time follows by distance, too.
            merged[place].AddRange(path);
            ends.Set(place, End(path));
        }
        return merged.ConvertAll(static tasks => tasks.ToArray());

        // Of those that begin together, one that takes no time comes first.
        int[][] Sorted()
        {
            int[] order = new int[paths.Count];
            for (int i = 0; i < order.Length; i++)
                order[i] = i;
            Array.Sort(order, Compare);
            return Array.ConvertAll(order, i => paths[i]);
        }

        int Compare(int one, int other)
        {
            int starts = Start(paths[other]).CompareTo(Start(paths[one])), stops = End(paths[other]).CompareTo(End(paths[one]));
            return starts != 0 ? starts : stops != 0 ? stops : one.CompareTo(other);
        }

        double Start(int[] path) => distance[path[0]];

        double End(int[] path) => distance[path[path.Length - 1]] - last(path);
    }

    private static int Farthest(int[] successors, double[] distance, bool[] taken)
    {
        int farthest = -1;
        foreach (int successor in successors)
        {
            if (!taken[successor] && (farthest < 0 || distance[successor] > distance[farthest]))
                farthest = successor;
        }
        return farthest;
    }
}
