using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Cleave.Core.Placement;
using Cleave.TestKit.Placement;
using Xunit;
using Xunit.Abstractions;

namespace Cleave.Core.Tests.Placement;

/// <summary>What every placement must be, on random problems, and how near to the best there is.</summary>
public sealed class PlacementTests(ITestOutputHelper output)
{
    private static readonly TransferCost Transfers = new(1, 10, 1, 10, 1);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Schedules_hold_what_the_problem_says(int seed)
    {
        PlacementProblem problem = RandomPlacement.Of((ulong)seed, 2 + (seed * 7 % 60), lanes: 1 + (seed % 3));
        PlacementPlan plan = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency));
        foreach (PlacementSchedule schedule in new[] { plan.Chosen, plan.HostOnly, plan.DeviceOnly })
            Check(problem, schedule);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void No_plan_is_slower_than_the_cpu_or_the_accelerator_alone(int seed)
    {
        PlacementProblem problem = RandomPlacement.Of((ulong)seed, 2 + (seed * 5 % 50));
        PlacementPlan plan = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency));
        Assert.True(plan.Chosen.Makespan <= Math.Min(plan.HostOnly.Makespan, plan.DeviceOnly.Makespan) * (1 + 1e-12));
        Assert.True(plan.HostOnly.IsHostOnly(problem));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_memory_objective_meets_the_deadline_with_no_more_memory_than_the_fastest_plan(int seed)
    {
        PlacementProblem problem = RandomPlacement.Of((ulong)seed, 2 + (seed * 5 % 40));
        PlacementPlan fast = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency));
        double last = fast.Bytes;
        foreach (double slack in new[] { 1.0, 1.2, 1.5, 3, 1000 })
        {
            PlacementPlan plan = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Memory, fast.Chosen.Makespan * slack));
            Check(problem, plan.Chosen);
            Assert.True(plan.MeetsDeadline);
            Assert.True(plan.Chosen.Makespan <= fast.Chosen.Makespan * slack * (1 + 1e-9));
            Assert.True(plan.Bytes <= fast.Bytes * (1 + 1e-12));
            last = plan.Bytes;
        }
        // With all the time in the world nothing needs the accelerator.
        Assert.Equal(0, last);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_memory_limit_holds(int seed)
    {
        PlacementProblem problem = RandomPlacement.Of((ulong)seed, 2 + (seed * 5 % 40));
        PlacementPlan free = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency));
        foreach (double part in new[] { 0, 0.3, 0.8 })
        {
            PlacementPlan plan = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency, MemoryLimit: free.Bytes * part));
            Check(problem, plan.Chosen);
            Assert.True(plan.Bytes <= free.Bytes * part);
            Assert.True(plan.Chosen.Makespan <= plan.HostOnly.Makespan);
            Assert.True(plan.DeviceBytes > free.Bytes * part || plan.Chosen.Makespan <= plan.DeviceOnly.Makespan);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_same_problem_gives_the_same_plan(int seed)
    {
        PlacementRequest request = new(PlacementObjective.Latency);
        PlacementPlan one = PlacementPlanner.Plan(RandomPlacement.Of((ulong)seed, 25, lanes: 2), request), other = PlacementPlanner.Plan(RandomPlacement.Of((ulong)seed, 25, lanes: 2), request);
        Assert.Equal(one.Chosen.Place, other.Chosen.Place);
        Assert.Equal(one.Chosen.Order, other.Chosen.Order);
    }

    [Fact]
    public void Plans_are_near_the_optimum()
    {
        List<double> gaps = [];
        for (int seed = 0; seed < 65; seed++)
        {
            // The first of those that bench placement plans 2,000 of.
            PlacementProblem problem = RandomPlacement.Of((ulong)seed, 2 + (seed % 13));
            double found = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency)).Chosen.Makespan;
            double exact = ExactPlacement.Makespan(problem, found);
            Assert.True(exact <= found);
            gaps.Add(found / exact - 1);
        }
        output.WriteLine($"mean {gaps.Average():P2}, worst {gaps.Max():P2}");
        Assert.True(gaps.Average() <= 0.03, gaps.Average().ToString("P2"));
        Assert.True(gaps.Max() <= 0.15, gaps.Max().ToString("P2"));
    }

    [Fact]
    public void The_memory_objective_is_near_the_least_that_every_order_and_place_gives()
    {
        List<double> gaps = [];
        for (ulong seed = 0; seed < 60; seed++)
        {
            PlacementProblem problem = RandomPlacement.Of(seed, 3 + (int)(seed % 4));
            double fastest = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency)).Chosen.Makespan;
            foreach (double slack in new[] { 1.1, 1.5 })
            {
                double found = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Memory, fastest * slack)).Bytes;
                double least = LeastMemory(problem, new ScheduleWalk(problem), fastest * slack, [], new int[problem.Units.Count]);
                Assert.True(least <= found * (1 + 1e-12));
                // What needs nothing of the accelerator is found to need nothing.
                Assert.True(least > 0 || found == 0);
                gaps.Add(least > 0 ? (found / least) - 1 : 0);
            }
        }
        output.WriteLine($"mean {gaps.Average():P2}, worst {gaps.Max():P2}, at the least {gaps.Count(g => g < 1e-9)} of {gaps.Count}");
        Assert.True(gaps.Average() <= 0.02, gaps.Average().ToString("P2"));
    }

    [Fact]
    public void The_oracle_finds_what_trying_everything_finds()
    {
        for (ulong seed = 0; seed < 30; seed++)
        {
            PlacementProblem problem = RandomPlacement.Of(seed, 5);
            Assert.Equal(EveryOrder(problem, [], new int[5]), ExactPlacement.Makespan(problem, 1e12), 6);
        }
    }

    [Fact]
    public void What_the_accelerator_lacks_stays_on_the_cpu()
    {
        PlacementUnit[] units = [new([100, 1], []), new([100, double.PositiveInfinity], []), new([100, 1], [])];
        PlacementProblem problem = Problem(units, [new(0, [1], 5), new(1, [2], 5), new(2, [], 5, IsOutput: true)]);
        PlacementPlan plan = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency));
        Assert.Equal([1, 0, 1], plan.Chosen.Place);
        Assert.Equal([1, 0, 1], plan.DeviceOnly.Place);
        // 1 + (10 + 5) + 100 + (10 + 5) + 1 + (10 + 5)
        Assert.Equal(147, plan.Chosen.Makespan);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(99)]
    public void Units_whose_times_are_no_numbers_are_in_the_order_of_dependence(int known)
    {
        PlacementUnit[] units = [.. Enumerable.Range(0, 100).Select(u => new PlacementUnit(u < known ? [2, 1] : [double.NaN, double.NaN], []))];
        PlacementValue[] values = [.. Enumerable.Range(0, 100).Select(static u => new PlacementValue(u, u < 99 ? [u + 1] : [], 5, IsOutput: u == 99))];
        Assert.Equal(Enumerable.Range(0, 100), ListScheduling.Place(Problem(units, values), RankBy.Mean, looksAhead: false).Order);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Listed_units_never_share_a_processor_those_of_no_time_among_them(int seed)
    {
        PlacementProblem problem = RandomPlacement.Of((ulong)seed, 2 + (seed * 7 % 60), lanes: 1 + (seed % 3), idle: 3);
        foreach (RankBy by in Enum.GetValues<RankBy>())
        {
            (int[] place, int[] order, double[] start) = ListScheduling.Place(problem, by, looksAhead: seed % 2 == 0);
            double[] free = new double[problem.Processors.Count];
            foreach (int unit in order)
            {
                Assert.True(start[unit] >= free[place[unit]] - 1e-9, $"unit {unit} begins at {start[unit]:0.0}, before {free[place[unit]]:0.0}");
                free[place[unit]] = start[unit] + problem.Units[unit].Times[place[unit]];
            }
            // Walked in that order, nothing is later than it was listed.
            Assert.Equal(Enumerable.Range(0, order.Length).Max(u => start[u] + problem.Units[u].Times[place[u]] + problem.Output[place[u]][u]), new ScheduleWalk(problem).Makespan(order, place), 6);
        }
    }

    [Fact]
    public void A_unit_of_no_time_leaves_its_processor_to_the_one_that_starts_with_it()
    {
        // All on the lane, in this order: 0 to 5, 5 to 10, nothing at 5, and then 7 more.
        PlacementUnit[] units = [new([5, 90], []), new([5, 90], []), new([0, 90], []), new([7, 0], [])];
        (_, _, double[] start) = ListScheduling.Place(Problem(units, [new(0, [1, 2], 5)]), RankBy.Fastest, looksAhead: false, static p => p == 0);
        Assert.Equal([0, 5, 5, 10], start);
    }

    [Fact]
    public void What_runs_side_by_side_is_divided()
    {
        PlacementUnit[] units = [new([50, 50], []), new([50, 50], [])];
        PlacementPlan plan = PlacementPlanner.Plan(Problem(units, []), new PlacementRequest(PlacementObjective.Latency));
        Assert.Equal(50, plan.Chosen.Makespan);
        Assert.NotEqual(plan.Chosen.Place[0], plan.Chosen.Place[1]);
    }

    [Fact]
    public void A_weight_that_several_units_read_lies_there_once()
    {
        PlacementUnit[] units = [new([1, 1], [0], 7), new([1, 1], [0], 3)];
        PlacementProblem problem = Problem(units, [new(0, [1], 20), new(1, [], 4, IsOutput: true)], 1000);
        ScheduleWalk walk = new(problem);
        // The weight, what is handed on, and of the two needs the larger, with the output where that is live.
        Assert.Equal(1000 + Math.Max(20 + 7, 20 + 3 + 4), PeakMemory.Of(problem, walk.Schedule([0, 1], [1, 1])));
        Assert.Equal(1000 + 20 + 7, PeakMemory.Of(problem, walk.Schedule([0, 1], [1, 0])));
        Assert.Equal(0, PeakMemory.Of(problem, walk.Schedule([0, 1], [0, 0])));
    }

    [Fact]
    public void No_deadline_that_cannot_be_met_is_said_to_be()
    {
        PlacementProblem problem = Problem([new([50, 20], [])], []);
        PlacementPlan plan = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Memory, Deadline: 10));
        Assert.False(plan.MeetsDeadline);
        Assert.Equal(20, plan.Chosen.Makespan);
    }

    [Fact]
    public void A_problem_that_makes_no_sense_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Problem([new([double.PositiveInfinity, double.PositiveInfinity], [])], []));
        Assert.Throws<ArgumentException>(() => Problem([new([1, 1], []), new([1, 1], [])], [new(1, [0], 1)]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_thousand_units_are_planned_for_both_objectives(int lanes)
    {
        PlacementProblem problem = RandomPlacement.Of(7, 1000, lanes);
        long start = Stopwatch.GetTimestamp();
        PlacementPlan plan = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency));
        TimeSpan latency = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        PlacementPlan small = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Memory, plan.Chosen.Makespan * 1.5));
        output.WriteLine($"{latency.TotalMilliseconds:0} ms, {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms; {plan.Chosen.Makespan:0} of {plan.HostOnly.Makespan:0} and {plan.DeviceOnly.Makespan:0}; {small.Bytes:0} of {plan.Bytes:0}");
        Check(problem, plan.Chosen);
        Check(problem, small.Chosen);
    }

    [Theory]
    [InlineData(3, 0.3)]
    [InlineData(7, 0.1)]
    [InlineData(7, 0.6)]
    public void A_thousand_units_are_fitted_into_little_memory_in_bounded_time(int seed, double part)
    {
        PlacementProblem problem = RandomPlacement.Of((ulong)seed, 1000, lanes: 2);
        PlacementPlan free = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency));
        TimeSpan before = Environment.CpuUsage.TotalTime;
        PlacementBudget budget = new();
        PlacementPlan plan = PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency, MemoryLimit: free.Bytes * part), budget);
        TimeSpan used = Environment.CpuUsage.TotalTime - before;
        output.WriteLine($"{used.TotalMilliseconds:0} ms; {plan.Chosen.Makespan:0} of {plan.HostOnly.Makespan:0} and {free.Chosen.Makespan:0}; {plan.Bytes:0} of {free.Bytes:0}");
        Check(problem, plan.Chosen);
        Assert.True(plan.Bytes <= free.Bytes * part);
        // What is looked at is bounded, beside a walk or two of each search; so is the process's time, whatever else the machine does.
        Assert.True(budget.Left > -500_000, budget.Left.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.True(used < TimeSpan.FromSeconds(30), used.ToString());
    }

    [Fact]
    public void All_searches_for_a_model_share_what_may_be_spent()
    {
        PlacementProblem problem = RandomPlacement.Of(7, 300);
        PlacementRequest request = new(PlacementObjective.Latency, MemoryLimit: PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency)).Bytes * 0.5);
        PlacementBudget all = new();
        PlacementPlanner.Plan(problem, request, all);
        PlacementBudget little = new PlacementBudget().Part(100_000);
        PlacementPlan plan = PlacementPlanner.Plan(problem, request, little);
        Check(problem, plan.Chosen);
        Assert.True(plan.Bytes <= request.MemoryLimit);
        // Beside a walk or two of each search.
        Assert.InRange(little.Left, -200_000, 0);
        Assert.True(PlacementBudget.MostVisits - all.Left > 1_000_000);
    }

    [Fact]
    public void A_search_that_nobody_waits_for_ends()
    {
        PlacementProblem problem = RandomPlacement.Of(7, 50);
        Assert.Throws<OperationCanceledException>(
            () => PlacementPlanner.Plan(problem, new PlacementRequest(PlacementObjective.Latency), new PlacementBudget(new CancellationToken(canceled: true))));
    }

    private static PlacementProblem Problem(PlacementUnit[] units, PlacementValue[] values, params double[] weights) =>
        new([new Processor("lane", 0), new Processor("accelerator", 1)], units, values, weights, Transfers);

    private static void Check(PlacementProblem problem, PlacementSchedule schedule)
    {
        Assert.Equal(Enumerable.Range(0, problem.Units.Count), schedule.Order.Order());
        double makespan = 0;
        double[] free = new double[problem.Processors.Count];
        foreach (int unit in schedule.Order)
        {
            int place = schedule.Place[unit];
            Assert.True(problem.CanRun(unit, place));
            Assert.True(schedule.Start[unit] >= free[place] - 1e-9, "two units at once");
            Assert.True(schedule.Start[unit] >= problem.Input[place][unit] - 1e-9, "before its input");
            for (int i = 0; i < problem.Graph.Predecessors[unit].Length; i++)
            {
                int before = problem.Graph.Predecessors[unit][i];
                Assert.True(schedule.Start[unit] >= schedule.Finish[before] + problem.Delay(unit, i, schedule.Place[before], place) - 1e-9, "before what it reads");
            }
            Assert.Equal(schedule.Start[unit] + problem.Units[unit].Times[place], schedule.Finish[unit], 6);
            free[place] = schedule.Finish[unit];
            makespan = Math.Max(makespan, schedule.Finish[unit] + problem.Output[place][unit]);
        }
        Assert.Equal(makespan, schedule.Makespan, 6);
    }

    // Of every order of dependence with every placement that is done by the deadline.
    private static double LeastMemory(PlacementProblem problem, ScheduleWalk walk, double deadline, int[] order, int[] place)
    {
        double best = double.PositiveInfinity;
        if (order.Length < problem.Units.Count)
        {
            for (int unit = 0; unit < problem.Units.Count; unit++)
            {
                if (!order.Contains(unit) && problem.Graph.Predecessors[unit].All(order.Contains))
                    best = Math.Min(best, LeastMemory(problem, walk, deadline, [.. order, unit], place));
            }
            return best;
        }
        int processors = problem.Processors.Count, ways = (int)Math.Pow(processors, place.Length);
        for (int way = 0; way < ways; way++)
        {
            for (int unit = 0, rest = way; unit < place.Length; unit++, rest /= processors)
                place[unit] = rest % processors;
            if (Enumerable.Range(0, place.Length).All(u => problem.CanRun(u, place[u])) && walk.Makespan(order, place) <= deadline)
                best = Math.Min(best, PeakMemory.Of(problem, walk.Schedule(order, place)));
        }
        return best;
    }

    // Every order of dependence with every placement.
    private static double EveryOrder(PlacementProblem problem, int[] order, int[] place)
    {
        if (order.Length == problem.Units.Count)
            return EveryPlace(problem, order, place, 0);
        double best = double.PositiveInfinity;
        for (int unit = 0; unit < problem.Units.Count; unit++)
        {
            if (!order.Contains(unit) && problem.Graph.Predecessors[unit].All(order.Contains))
                best = Math.Min(best, EveryOrder(problem, [.. order, unit], place));
        }
        return best;
    }

    private static double EveryPlace(PlacementProblem problem, int[] order, int[] place, int unit)
    {
        if (unit == place.Length)
            return new ScheduleWalk(problem).Makespan(order, place);
        double best = double.PositiveInfinity;
        for (int p = 0; p < problem.Processors.Count; p++)
        {
            place[unit] = p;
            if (problem.CanRun(unit, p))
                best = Math.Min(best, EveryPlace(problem, order, place, unit + 1));
        }
        return best;
    }
}
