using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Clustering;

/// <summary>Which lane runs which task.</summary>
/// <param name="LaneOf">By task; of cloned tasks it says nothing.</param>
/// <param name="Threads">By lane.</param>
/// <param name="Makespan">Nanoseconds, as predicted task by task.</param>
/// <param name="Segments">How many the lanes are cut into.</param>
internal sealed record LaneAssignment(int[] LaneOf, int[] Threads, double Makespan, int Segments);

/// <summary>What lanes are looked for.</summary>
/// <param name="Cores">How many cores there are: at least 2.</param>
/// <param name="MostThreads">More are of no use to a lane.</param>
/// <param name="Hopeless">Nanoseconds: what takes longer at first is not worth being improved.</param>
/// <param name="MostSegments">What has more at first is not worth it, either.</param>
internal sealed record LaneRequest(int Cores, int MostThreads = int.MaxValue, double Hopeless = double.PositiveInfinity, int MostSegments = int.MaxValue)
{
    public bool IsWorth(LaneAssignment lanes) => lanes.Makespan <= Hopeless && lanes.Segments <= MostSegments;
}

/// <summary>Finds lanes for a number of cores: clusters once, placed on so many lanes as pays, and improved by moving paths.</summary>
internal sealed class LaneSearch
{
    private static readonly int[] LaneCounts = [2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64];

    // Tasks looked at while a row is improved: bounds the time for large graphs, and says nothing about small ones.
    private const int MostVisits = 100_000;

    private readonly LaneTasks _tasks;
    private readonly LaneWalk _walk;
    private readonly List<int[]> _paths;
    private readonly int[][] _pathsByWork;
    private readonly int[][] _mergedByWork;
    private readonly int[][] _concurrentByWork;
    private readonly int[] _order;
    // For each lane count that was tried, by clustering. With the threads that they were last asked for.
    private readonly Dictionary<int, LaneAssignment[]> _placed = [];

    public LaneSearch(LaneTasks tasks)
    {
        _tasks = tasks;
        double[] weights = tasks.Times(1);
        // What crosses to another lane costs that lane a segment of its own, too.
        double[] distance = LinearClustering.DistanceToEnd(tasks.Graph, weights, tasks.HandOff + tasks.Call(1));
        _order = LinearClustering.Order(distance);
        _paths = LinearClustering.Paths(tasks.Graph, distance);
        _pathsByWork = ByWork(_paths);
        _mergedByWork = ByWork(LinearClustering.Merged(_paths, distance));
        _concurrentByWork = ByWork(LinearClustering.Concurrent(_paths, distance, weights));
        _walk = new LaneWalk(tasks, _order);

        int[][] ByWork(List<int[]> clusters)
        {
            double[] work = new double[clusters.Count];
            for (int i = 0; i < work.Length; i++)
            {
                foreach (int task in clusters[i])
                    work[i] += weights[task];
            }
            return Array.ConvertAll(LinearClustering.Order(work), i => clusters[i]);
        }
    }

    /// <summary>Clusters before merging: paths.</summary>
    public int Paths => _paths.Count;

    /// <summary>Clusters after merging, where branches side by side stay apart: how many lanes could have something to do.</summary>
    public int Clusters => _concurrentByWork.Length;

    /// <summary>The best lanes found, at least two; null where all tasks are one path.</summary>
    /// <param name="request">For how many cores, and how good is worth the effort.</param>
    /// <param name="before">What was found for fewer cores.</param>
    public LaneAssignment? Best(LaneRequest request, IEnumerable<LaneAssignment> before)
    {
        LaneAssignment? best = null;
        foreach (LaneAssignment candidate in Candidates(request, before))
        {
            if (candidate.Threads.Length > 1 && (best is null || candidate.Makespan < best.Makespan))
                best = candidate;
        }
        return best is null || !request.IsWorth(best) ? best : Improved(best, request);
    }

    /// <summary>Segments of all lanes, each after those it reads from.</summary>
    public IReadOnlyList<LaneSegment> Segments(LaneAssignment assignment) => _walk.Segments(assignment.LaneOf, assignment.Threads);

    private IEnumerable<LaneAssignment> Candidates(LaneRequest request, IEnumerable<LaneAssignment> before)
    {
        foreach (int lanes in _paths.Count < 2 ? [] : Counts(request))
        {
            if (!_placed.TryGetValue(lanes, out LaneAssignment[]? placed))
                _placed[lanes] = placed = [.. Clusterings().Select(clusters => Placed(clusters, lanes, request))];
            for (int i = 0; i < placed.Length; i++)
                yield return placed[i] = With(placed[i], request);
        }
        foreach (LaneAssignment lanes in before)
            yield return With(lanes, request);
    }

    // The published ones; those of branches that are side by side, where they are others; and paths alone.
    private IEnumerable<IReadOnlyList<int[]>> Clusterings() =>
        AreSame(_concurrentByWork, _mergedByWork) ? [_mergedByWork, _paths] : [_mergedByWork, _concurrentByWork, _paths];

    private static bool AreSame(int[][] one, int[][] other) => one.Length == other.Length && Enumerable.Range(0, one.Length).All(i => one[i].SequenceEqual(other[i]));

    // As many as there can be, too: seven towers on eight cores are seven lanes.
    private IEnumerable<int> Counts(LaneRequest request)
    {
        int most = Math.Min(Math.Min(request.Cores, LaneWalk.MostLanes), Math.Max(_concurrentByWork.Length, 2));
        return LaneCounts.Where(count => count < most).Append(most);
    }

    private LaneAssignment Placed(IEnumerable<int[]> clusters, int lanes, LaneRequest request) =>
        Of(LanePlacement.ToLeastLoaded(clusters, lanes, _tasks.Times(1)), request);

    private LaneAssignment Of(int[] laneOf, LaneRequest request)
    {
        laneOf = LanePlacement.Renumbered(laneOf, _order, _tasks.IsCloned, out int lanes);
        return Of(laneOf, LanePlacement.Threads(laneOf, lanes, request.Cores, request.MostThreads, _tasks));
    }

    private LaneAssignment Kept(int[] laneOf, int[] threads)
    {
        int[] renumbered = LanePlacement.Renumbered(laneOf, _order, _tasks.IsCloned, out int lanes), kept = new int[lanes];
        for (int task = 0; task < laneOf.Length; task++)
        {
            if (!_tasks.IsCloned[task])
                kept[renumbered[task]] = threads[laneOf[task]];
        }
        return Of(renumbered, kept);
    }

    private LaneAssignment Of(int[] laneOf, int[] threads)
    {
        double makespan = _walk.Makespan(laneOf, threads);
        return new LaneAssignment(laneOf, threads, makespan, _walk.SegmentCount);
    }

    // More cores often leave each lane the threads it had: then it takes what it took.
    private LaneAssignment With(LaneAssignment lanes, LaneRequest request)
    {
        int[] threads = LanePlacement.Threads(lanes.LaneOf, lanes.Threads.Length, request.Cores, request.MostThreads, _tasks);
        return threads.SequenceEqual(lanes.Threads) ? lanes : Of(lanes.LaneOf, threads);
    }

    // Each path, long ones first, to each other lane, while that makes all faster.
    [MethodImpl(JustInTime.Optimized)]
    private LaneAssignment Improved(LaneAssignment found, LaneRequest request)
    {
        int[] laneOf = (int[])found.LaneOf.Clone();
        double best = found.Makespan;
        int visits = MostVisits;
        bool better = true;
        while (better && visits > 0)
        {
            better = false;
            foreach (int[] path in _pathsByWork)
            {
                // What clones begin is where the first task after them is.
                int first = Array.FindIndex(path, t => !_tasks.IsCloned[t]);
                if (first < 0)
                    continue;
                int home = laneOf[path[first]];
                for (int lane = 0; lane < found.Threads.Length && visits > 0; lane++)
                {
                    if (lane == home)
                        continue;
                    visits -= laneOf.Length;
                    int[] before = Array.ConvertAll(path, t => laneOf[t]);
                    Move(path, lane);
                    double makespan = _walk.Makespan(laneOf, found.Threads, best);
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
        // Every move was judged with the threads that lanes had. Dealt out anew they may suit better, or undo what moves gained.
        LaneAssignment improved = found;
        foreach (LaneAssignment other in (LaneAssignment[])[Of(laneOf, request), Kept(laneOf, found.Threads)])
        {
            if (other.Threads.Length > 1 && other.Makespan < improved.Makespan)
                improved = other;
        }
        return improved;

        void Move(int[] path, int lane)
        {
            foreach (int task in path)
                laneOf[task] = lane;
        }
    }
}
