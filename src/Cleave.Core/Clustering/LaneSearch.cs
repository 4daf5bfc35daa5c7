using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Clustering;

/// <summary>Which lane runs which task.</summary>
/// <param name="LaneOf">By task; of cloned tasks it says nothing.</param>
/// <param name="Threads">By lane.</param>
/// <param name="Makespan">Nanoseconds, as predicted task by task.</param>
internal sealed record LaneAssignment(int[] LaneOf, int[] Threads, double Makespan);

/// <summary>Finds lanes for a number of cores: clusters once, placed on so many lanes as pays, and improved by moving paths.</summary>
internal sealed class LaneSearch
{
    private static readonly int[] LaneCounts = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

    // Tasks looked at while a row is improved: bounds the time for large graphs, and says nothing about small ones.
    private const int MostVisits = 400_000;

    private readonly LaneTasks _tasks;
    private readonly LaneWalk _walk;
    private readonly List<int[]> _paths;
    private readonly List<int[]> _merged;
    private readonly int[] _order;

    public LaneSearch(LaneTasks tasks)
    {
        _tasks = tasks;
        double[] weights = tasks.Times(1);
        // What crosses to another lane costs that lane a segment of its own, too.
        double[] distance = LinearClustering.DistanceToEnd(tasks.Graph, weights, tasks.HandOff + tasks.Call);
        _order = LinearClustering.Order(distance);
        _paths = LinearClustering.Paths(tasks.Graph, distance);
        _merged = LinearClustering.Merged(_paths, distance);
        _walk = new LaneWalk(tasks, _order);
    }

    /// <summary>Clusters before merging: paths.</summary>
    public int Paths => _paths.Count;

    /// <summary>Clusters after merging: how many lanes could have something to do.</summary>
    public int Clusters => _merged.Count;

    /// <summary>The best lanes found, at least two; null where all tasks are one path.</summary>
    /// <param name="cores">At least 2.</param>
    /// <param name="before">What was found for fewer cores.</param>
    public LaneAssignment? Best(int cores, IEnumerable<LaneAssignment> before)
    {
        LaneAssignment? best = null;
        foreach (LaneAssignment candidate in Candidates(cores).Concat(before.Select(b => With(b.LaneOf, cores))))
        {
            if (candidate.Threads.Length > 1 && (best is null || candidate.Makespan < best.Makespan))
                best = candidate;
        }
        return best is null ? null : Improved(best, cores);
    }

    /// <summary>Segments of all lanes, each after those it reads from.</summary>
    public IReadOnlyList<LaneSegment> Segments(LaneAssignment assignment) => _walk.Segments(assignment.LaneOf, Weights(assignment.Threads));

    private IEnumerable<LaneAssignment> Candidates(int cores)
    {
        double[] weights = _tasks.Times(1);
        IEnumerable<int[]> byWork = _merged.OrderByDescending(c => c.Sum(t => weights[t]));
        foreach (int lanes in LaneCounts)
        {
            if (lanes > cores || lanes > LaneWalk.MostLanes || lanes > Math.Max(_merged.Count, 2) || _paths.Count < 2)
                break;
            yield return With(LanePlacement.ToLeastLoaded(byWork, lanes, weights), cores);
            yield return With(LanePlacement.ToLeastLoaded(_paths, lanes, weights), cores);
        }
    }

    private LaneAssignment With(int[] laneOf, int cores)
    {
        laneOf = LanePlacement.Renumbered(laneOf, _order, _tasks.IsCloned, out int lanes);
        int[] threads = LanePlacement.Threads(laneOf, lanes, cores, _tasks);
        return new LaneAssignment(laneOf, threads, _walk.Makespan(laneOf, Weights(threads)));
    }

    // Each path, long ones first, to each other lane, while that makes all faster.
    private LaneAssignment Improved(LaneAssignment found, int cores)
    {
        double[] times = _tasks.Times(1);
        int[][] paths = [.. _paths.OrderByDescending(p => p.Sum(t => times[t]))];
        double[][] weights = Weights(found.Threads);
        int[] laneOf = (int[])found.LaneOf.Clone();
        double best = found.Makespan;
        int visits = MostVisits;
        bool better = true;
        while (better && visits > 0)
        {
            better = false;
            foreach (int[] path in paths)
            {
                int home = laneOf[path[0]];
                for (int lane = 0; lane < found.Threads.Length && visits > 0; lane++)
                {
                    if (lane == home)
                        continue;
                    visits -= laneOf.Length;
                    int[] before = Array.ConvertAll(path, t => laneOf[t]);
                    Move(path, lane);
                    double makespan = _walk.Makespan(laneOf, weights, best);
                    if (makespan < best)
                    {
                        best = makespan;
                        home = lane;
                        better = true;
                        continue;
                    }
                    for (int i = 0; i < path.Length; i++)
                        laneOf[path[i]] = before[i];
                }
            }
        }
        LaneAssignment improved = With(laneOf, cores);
        return improved.Threads.Length > 1 && improved.Makespan < found.Makespan ? improved : found;

        void Move(int[] path, int lane)
        {
            foreach (int task in path)
                laneOf[task] = lane;
        }
    }

    private double[][] Weights(int[] threads) => Array.ConvertAll(threads, _tasks.Times);
}
