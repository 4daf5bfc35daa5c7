using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Schedule;
using Cleave.Core.Tests.Schedule;
using Xunit;

namespace Cleave.Core.Tests.Clustering;

/// <summary>What holds of lanes and their plans whatever a graph looks like.</summary>
public sealed class LanePropertyTests
{
    private const int Graphs = 10_000;

    private static readonly int[] Cores = [2, 3, 4, 5, 8, 16, 64];

    [Fact]
    public void Every_plan_runs_what_it_must_in_order_and_is_never_slower_than_its_parts_one_after_the_other()
    {
        int split = 0, cloned = 0;
        foreach (RandomTasks random in RandomTasks.Many(Graphs))
        {
            LaneSearch search = new(random.Tasks);
            if (search.Best(new LaneRequest(Cores[random.Units.Tasks.Count % Cores.Length]), []) is not { } lanes)
                continue;
            IReadOnlyList<LaneSegment> segments = search.Segments(lanes);
            ExecutionPlan plan = PlanBuilder.Build(random.Units, segments);
            AssertOnlyClonesTwice(random, segments);
            AssertConvex(random, segments);
            AssertReadsFollowWrites(random, plan);
            AssertSchedule(random, lanes, segments, plan);
            split++;
            cloned += segments.Sum(s => s.Tasks.Count) > random.Units.Tasks.Count ? 1 : 0;
        }
        Assert.True(split > Graphs / 2, "hardly anything was split: " + split);
        Assert.True(cloned > Graphs / 50, "hardly anything was cloned: " + cloned);
    }

    [Fact]
    public void What_was_asked_for_other_core_counts_before_changes_nothing()
    {
        int more = 0;
        foreach (RandomTasks random in RandomTasks.Many(500))
        {
            LaneSearch asked = new(random.Tasks);
            asked.Best(new LaneRequest(2), []);
            asked.Best(new LaneRequest(12, 2), []);
            LaneAssignment? again = asked.Best(new LaneRequest(6), []), fresh = new LaneSearch(random.Tasks).Best(new LaneRequest(6), []);
            Assert.Equal(fresh?.LaneOf, again?.LaneOf);
            Assert.Equal(fresh?.Threads, again?.Threads);
            Assert.Equal(fresh?.Makespan, again?.Makespan);
            more += fresh?.Threads.Length > 2 ? 1 : 0;
        }
        Assert.True(more > 50, "hardly anything got more than two lanes: " + more);
    }

    [Theory]
    [InlineData(40, 7)]
    [InlineData(54, 7)]
    [InlineData(132, 5)]
    public void What_moves_gained_is_not_lost_where_threads_dealt_out_anew_suit_the_lanes_less(int seed, int cores)
    {
        LaneTasks tasks = RandomTasks.Many(seed + 1).Last().Tasks;
        LaneAssignment found = new LaneSearch(tasks).Best(new LaneRequest(cores), [])!;
        double[] distance = LinearClustering.DistanceToEnd(tasks.Graph, tasks.Times(1), tasks.HandOff + tasks.Call(1));
        LaneWalk walk = new(tasks, LinearClustering.Order(distance));

        Assert.True(found.Threads.Sum() <= cores);
        Assert.Equal(found.Makespan, walk.Makespan(found.LaneOf, found.Threads), 1e-6);
        foreach (int[] path in LinearClustering.Paths(tasks.Graph, distance))
        {
            for (int lane = 0; lane < found.Threads.Length; lane++)
            {
                int[] moved = [.. found.LaneOf];
                foreach (int task in path)
                    moved[task] = lane;
                Assert.True(walk.Makespan(moved, found.Threads) >= found.Makespan * (1 - 1e-9), $"a path of {path.Length} to lane {lane}");
            }
        }
    }

    [Fact]
    public void Lanes_of_too_many_segments_are_not_improved()
    {
        int improved = 0;
        foreach (RandomTasks random in RandomTasks.Many(500))
        {
            LaneSearch search = new(random.Tasks);
            if (search.Best(new LaneRequest(4), []) is not { } best || search.Best(new LaneRequest(4, MostSegments: 0), []) is not { } first)
                continue;
            Assert.True(best.Makespan <= first.Makespan);
            Assert.Equal(search.Segments(first).Count, first.Segments);
            improved += best.Makespan < first.Makespan ? 1 : 0;
        }
        Assert.True(improved > 50, "hardly anything was improved: " + improved);
    }

    [Fact]
    public void No_path_alone_is_better_on_another_lane()
    {
        int begun = 0;
        foreach (RandomTasks random in RandomTasks.Many(1000))
        {
            double[] distance = LinearClustering.DistanceToEnd(random.Tasks.Graph, random.Tasks.Times(1), RandomTasks.HandOff + RandomTasks.Call);
            if (new LaneSearch(random.Tasks).Best(new LaneRequest(2), []) is not { } found)
                continue;
            List<int[]> paths = LinearClustering.Paths(random.Tasks.Graph, distance);
            int[] order = LinearClustering.Order([.. paths.Select(p => p.Sum(t => random.Tasks.Times(1)[t]))]);
            begun += paths.Count(p => random.Tasks.IsCloned[p[0]] && p.Any(t => !random.Tasks.IsCloned[t]));
            double best = Moved(random.Tasks, new LaneWalk(random.Tasks, LinearClustering.Order(distance)), order.Select(i => paths[i]), found, out bool isSplit);
            Assert.True(!isSplit || best >= found.Makespan * (1 - 1e-9), $"{best} and {found.Makespan}");
        }
        Assert.True(begun > 50, "hardly any path began with a clone: " + begun);
    }

    // Each path to the other lane while that makes two lanes faster; whether both still have something to do.
    private static double Moved(LaneTasks tasks, LaneWalk walk, IEnumerable<int[]> paths, LaneAssignment from, out bool isSplit)
    {
        int[] laneOf = (int[])from.LaneOf.Clone();
        double best = from.Makespan;
        for (bool better = true; better;)
        {
            better = false;
            foreach (int[] path in paths)
            {
                for (int lane = 0; lane < 2; lane++)
                {
                    int[] moved = (int[])laneOf.Clone();
                    foreach (int task in path)
                        moved[task] = lane;
                    double makespan = walk.Makespan(moved, from.Threads);
                    if (makespan >= best)
                        continue;
                    (laneOf, best, better) = (moved, makespan, true);
                }
            }
        }
        isSplit = Enumerable.Range(0, laneOf.Length).Where(t => !tasks.IsCloned[t]).Select(t => laneOf[t]).Distinct().Count() > 1;
        return best;
    }

    [Fact]
    public void Clones_are_no_load_of_the_first_lane()
    {
        // Both lanes make the first task themselves; the second one has more to do beside it.
        LaneTasks tasks = new(new TaskGraph([[], [0], [0]]), static threads => [5.0 / threads, 1.0 / threads, 3.0 / threads], static _ => 1, 1) { IsCloned = [true, false, false] };
        Assert.Equal([1, 2], LanePlacement.Threads([0, 0, 1], 2, 3, 16, tasks));
    }

    private static void AssertOnlyClonesTwice(RandomTasks random, IReadOnlyList<LaneSegment> segments)
    {
        int[] times = new int[random.Units.Tasks.Count];
        foreach (int task in segments.SelectMany(s => s.Tasks))
            times[task]++;
        for (int task = 0; task < times.Length; task++)
            Assert.True(times[task] == 1 || (times[task] > 1 && random.Tasks.IsCloned[task]), $"task {task} is in {times[task]} segments");
    }

    // No way leads out of a segment and back; those over clones do not count, since every segment has its own.
    private static void AssertConvex(RandomTasks random, IReadOnlyList<LaneSegment> segments)
    {
        bool[] isCloned = random.Tasks.IsCloned;
        foreach (LaneSegment segment in segments)
        {
            HashSet<int> inside = [.. segment.Tasks.Where(t => !isCloned[t])];
            bool[] after = new bool[isCloned.Length];
            for (int task = 0; task < after.Length; task++)
            {
                foreach (int predecessor in random.Units.Tasks.Predecessors[task])
                    after[task] |= !isCloned[predecessor] && (after[predecessor] || (inside.Contains(predecessor) && !inside.Contains(task)));
                Assert.False(after[task] && inside.Contains(task), "a way leads out of a segment and back");
            }
        }
    }

    private static void AssertReadsFollowWrites(RandomTasks random, ExecutionPlan plan)
    {
        HashSet<string> written = ["x0", "x1"];
        foreach (PlanSegment segment in plan.Segments)
        {
            Assert.True(written.IsSupersetOf(segment.Reads));
            Assert.All(segment.Writes, value => Assert.True(written.Add(value) || value is "x0" or "x1", value + " has two writers"));
        }
        Assert.True(written.IsSupersetOf(random.Units.Graph.Outputs));
        // Each lane has what it runs from its own segments, from others that send it, or from the caller.
        foreach (PlanLane lane in plan.Lanes)
        {
            HashSet<string> known = ["x0", "x1"];
            foreach (Statement statement in lane.Statements)
            {
                if (statement is Statement.Receive receive)
                {
                    known.UnionWith(receive.Values);
                }
                else if (statement is Statement.Run run)
                {
                    Assert.True(known.IsSupersetOf(plan.Segments[run.Segment].Reads));
                    known.UnionWith(plan.Segments[run.Segment].Writes);
                }
                else
                {
                    Assert.True(known.IsSupersetOf(((Statement.Send)statement).Values));
                }
            }
        }
    }

    private static void AssertSchedule(RandomTasks random, LaneAssignment lanes, IReadOnlyList<LaneSegment> segments, ExecutionPlan plan)
    {
        double[] times = [.. segments.Select(s => RandomTasks.Call + s.Tasks.Sum(t => random.Tasks.Times(lanes.Threads[s.Lane])[t]))];
        Prediction predicted = Simulator.Run(plan.Lanes, times, RandomTasks.HandOff);
        int sends = plan.Lanes.Sum(l => l.Statements.Count(s => s is Statement.Send));

        // Two that know nothing of each other agree: task by task, and statement by statement.
        Assert.Equal(1, predicted.Makespan / lanes.Makespan, 1e-9);
        Assert.True(predicted.Makespan <= (times.Sum() + (sends * RandomTasks.HandOff)) * (1 + 1e-9), "slower than one after the other");
        Assert.True(predicted.Makespan >= random.Times.Sum() / lanes.Threads.Sum() * (1 - 1e-9), "faster than all cores can be");
        Assert.Equal(segments.Count, predicted.Runs.Count);
        Assert.Equal(predicted.Makespan, predicted.CriticalPath[^1].End);
        for (int i = 1; i < predicted.CriticalPath.Count; i++)
            Assert.InRange(predicted.CriticalPath[i].Start - predicted.CriticalPath[i - 1].End, 0, RandomTasks.HandOff * (1 + 1e-6));
        foreach (IReadOnlyList<PlanLane> batch in new[] { SampleGroup.Of(plan, 3, switched: false), SampleGroup.Of(plan, 3, switched: true) })
        {
            Prediction three = Simulator.Run(batch, times, RandomTasks.HandOff);
            Assert.Equal(3 * segments.Count, three.Runs.Count);
            Assert.True(three.Makespan <= 3 * (times.Sum() + (sends * RandomTasks.HandOff)) * (1 + 1e-9));
        }
    }
}
