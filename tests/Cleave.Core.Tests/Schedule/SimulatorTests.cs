using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Schedule;
using Xunit;

namespace Cleave.Core.Tests.Schedule;

public sealed class SimulatorTests
{
    // Segment 0 gives a to both; 1 and 2 run side by side; 3 joins them.
    private static readonly PlanLane[] Diamond =
    [
        new("trunk", [new Statement.Run(0), new Statement.Send(["a"], 1), new Statement.Run(1), new Statement.Receive(["c"], 1), new Statement.Run(3)]),
        new("branch", [new Statement.Receive(["a"], 0), new Statement.Run(2), new Statement.Send(["c"], 0)]),
    ];

    [Fact]
    public void A_lane_waits_for_what_it_receives_and_not_for_what_it_sends()
    {
        Prediction predicted = Simulator.Run(Diamond, [10, 20, 50, 5], handOff: 1);

        Assert.Equal(67, predicted.Makespan);
        Assert.Equal([(0, 0.0), (1, 10.0), (2, 11.0), (3, 62.0)], predicted.Runs.Select(r => (r.Segment, r.Start)));
        Assert.Equal([0, 2, 3], predicted.CriticalPath.Select(r => r.Segment));
    }

    [Fact]
    public void The_critical_path_stays_on_a_lane_that_is_not_waited_for()
    {
        Prediction predicted = Simulator.Run(Diamond, [10, 90, 50, 5], handOff: 1);

        Assert.Equal(105, predicted.Makespan);
        Assert.Equal([0, 1, 3], predicted.CriticalPath.Select(r => r.Segment));
    }

    [Fact]
    public void A_value_that_nobody_sends_is_an_error_that_names_lane_and_value()
    {
        PlanLane[] lanes = [Diamond[0], Diamond[1] with { Statements = [.. Diamond[1].Statements.Take(2)] }];

        ArgumentException error = Assert.Throws<ArgumentException>(() => Simulator.Run(lanes, [1, 1, 1, 1], 0));
        Assert.Contains("'trunk' waits for ever for 'c'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lanes_that_wait_for_each_other_are_an_error()
    {
        PlanLane[] lanes =
        [
            new("one", [new Statement.Receive(["b"], 1), new Statement.Run(0), new Statement.Send(["a"], 1)]),
            new("other", [new Statement.Receive(["a"], 0), new Statement.Run(1), new Statement.Send(["b"], 0)]),
        ];

        Assert.Throws<ArgumentException>(() => Simulator.Run(lanes, [1, 1], 0));
    }

    [Fact]
    public void Samples_fill_the_time_in_which_a_lane_waits()
    {
        ExecutionPlan plan = Plan(Diamond);
        double[] times = [10, 10, 50, 5];

        // One after the other: twice 67. Interleaved, the branch is busy all the time.
        Assert.Equal(67, Simulator.Run(plan.Lanes, times, 1).Makespan);
        Assert.Equal(10 + 1 + 50 + 50 + 1 + 5, Simulator.Run(SampleGroup.Of(plan, 2, switched: false), times, 1).Makespan);
    }

    [Fact]
    public void Switched_samples_even_out_heavy_and_light_lanes()
    {
        ExecutionPlan plan = Plan(Diamond);
        double[] times = [10, 10, 50, 5];
        (Statement Statement, int Sample)[][] switched = SampleGroup.Interleaved(plan, 2, switched: true);

        Assert.True(Simulator.Run(SampleGroup.Of(plan, 2, switched: true), times, 1).Makespan < Simulator.Run(SampleGroup.Of(plan, 2, switched: false), times, 1).Makespan);
        // The second sample's trunk runs on the second lane.
        Assert.Equal([(0, 0), (1, 0), (2, 1), (3, 0)], Runs(switched[0]));
        Assert.Equal([(0, 1), (1, 1), (2, 0), (3, 1)], Runs(switched[1]));

        static IEnumerable<(int Segment, int Sample)> Runs((Statement Statement, int Sample)[] lane) =>
            lane.Where(s => s.Statement is Statement.Run).Select(s => (((Statement.Run)s.Statement).Segment, s.Sample));
    }

    private static ExecutionPlan Plan(PlanLane[] lanes) => new(
        [new("0", [0], ["x"], ["a"]), new("1", [1], ["a"], ["b"]), new("2", [2], ["a"], ["c"]), new("3", [3], ["b", "c"], ["y"])], lanes);
}
