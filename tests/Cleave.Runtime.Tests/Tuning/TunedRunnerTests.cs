using System;
using System.Linq;
using Cleave.Calls;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Plans;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Cleave.Tuning;
using Xunit;

namespace Cleave.Runtime.Tests.Tuning;

/// <summary>What a section of the tuning file says for a runner.</summary>
public sealed class TunedRunnerTests
{
    private static readonly MachineSignature Machine = new("test", 4, "1");
    private static readonly ModelDefinition Definition = Towers.Definition();

    [Fact]
    public void The_plan_is_the_best_over_all_requests()
    {
        // Each is the fastest of one request; over both the split loses less.
        TuningSection section = Section(
            Request(1, ("Whole", [4], 100), ("TwoLanes", [1, 1], 110)),
            Request(8, ("Whole", [4], 200), ("TwoLanes", [1, 1], 100)));
        ChosenPlan plan = TunedRunner.Plan(section, Definition.Budgets)!;
        Assert.Equal(("TwoLanes", 2), (plan.Plan.Name, plan.Cores));
        Assert.Equal("Whole", TunedRunner.Plan(Section(Request(1, ("TwoLanes", [1, 1], 110), ("Whole", [4], 100))), Definition.Budgets)!.Plan.Name);
    }

    [Fact]
    public void Two_plans_are_compared_on_what_both_were_measured_on()
    {
        // Of the second request only the split is known, beside one that the code has no more.
        TuningSection section = Section(
            Request(1, ("Whole", [4], 99), ("TwoLanes", [1, 1], 100)),
            Request(8, ("TwoLanes", [1, 1], 300), ("Gone", [1], 100)));
        Assert.Equal("TwoLanes", TunedRunner.Plan(section, Definition.Budgets)!.Plan.Name);
        Assert.Equal("TwoLanes", TunedRunner.Plan(Section(Request(1, ("TwoLanes", [1, 1], 100)), Request(8, ("Whole", [4], 1))), Definition.Budgets)!.Plan.Name);
    }

    [Fact]
    public void What_the_code_does_not_know_is_left_out()
    {
        Assert.Null(TunedRunner.Plan(Section(Request(1, ("Gone", [1], 1), ("TwoLanes", [1, 1, 1], 1))), Definition.Budgets));
        Assert.Null(TunedRunner.Plan(Section(), Definition.Budgets));
        Assert.Equal("Whole", TunedRunner.Plan(Section(new TunedRequest([], [], []), Request(1, ("Gone", [1], 1), ("Whole", [1], 100))), Definition.Budgets)!.Plan.Name);
    }

    [Fact]
    public void Modes_compare_as_for_the_nearest_request()
    {
        ChosenPlan[] modes = [ChosenPlan.Whole(Definition.Budgets, 4, 4), ChosenPlan.Choose(Definition.Budgets, 2, PlanChoice.Split), ChosenPlan.Whole(Definition.Budgets, 1, 1)];
        TuningSection section = Section(
            Request(1, ("Whole", [4], 100), ("Whole", [1], 200)),
            Request(64, ("TwoLanes", [1, 1], 100), ("Whole", [1], 50)));
        Assert.Equal([0.5, null, 1], TunedRunner.Relative(section, modes, [4])!);
        Assert.Equal([null, 2, 1], TunedRunner.Relative(section, modes, [32])!);
        Assert.Null(TunedRunner.Relative(section, modes, [4, 4]));
        Assert.Null(TunedRunner.Relative(Section(Request(1, ("Whole", [4], 100))), modes, [1]));
    }

    [Fact]
    public void Measured_calls_take_the_place_of_predicted_ones()
    {
        Value x = Value.Tensor<float>("x", "batch", "length", 2), y = Value.Tensor<float>("y", "batch", "length");
        ModelDefinition definition = new(1, "m", "m.onnx", "h", [x], [y], [new(1, Definitions.Whole([x], [y]), 1)]) { Batch = new("batch", [0], [0]) };
        ShapeTable shapes = new(definition, []);
        PredictedTimes times = TunedRunner.Times(
            Section(
                Sized(4, 10, ("Whole", [2], 3000), ("Whole", [1], 4000), ("Whole", [4], 1)),
                Sized(1, 10, ("Whole", [1], 1000), ("Whole", [2], 900)),
                Sized(1, 5, ("Whole", [2], 1)),
                Sized(0, 5, ("Whole", [2], 1), ("Whole", [1], 1))),
            definition, shapes, isCrowded: true)!;
        Assert.Equal([1, 2], times.Threads);
        Assert.Equal([(20, 1), (20, 4)], times.Calls.Select(c => (c.Elements, c.Samples)));
        Assert.Equal([4.0, 3.0], times.Calls[1].Microseconds);
        Assert.Null(TunedRunner.Times(Section(Sized(1, 5, ("Whole", [2], 1))), definition, shapes, isCrowded: true));
        Assert.Null(TunedRunner.Times(Section(Request(1, ("Whole", [1], 1))), definition, shapes, isCrowded: true));
        // A size that nothing can have is no reason to fail.
        Assert.NotNull(TunedRunner.Times(Section(Sized(int.MaxValue, int.MaxValue, ("Whole", [1], 1))), definition, shapes, isCrowded: true));
    }

    [Fact]
    public void Sizes_beyond_the_measured_ones_take_what_was_predicted_as_many_times_as_the_nearest_measured_one()
    {
        Value x = Value.Tensor<float>("x", "batch", "length", 2), y = Value.Tensor<float>("y", "batch", "length");
        ModelDefinition definition = new(1, "m", "m.onnx", "h", [x], [y], [new(1, Definitions.Whole([x], [y]), 1)])
        {
            Batch = new("batch", [0], [0]),
            Times = new PredictedTimes(
                [1, 2, 4], new(4, 1, 10, 8, 7), new(4, 8, 40, 30, 25), new(20, 1, 100, 60, 40), new(40, 1, 190, 100, 60), new(80, 1, 400, 200, 110)),
        };
        PredictedTimes times = TunedRunner.Times(
            Section(
                Sized(1, 10, ("Whole", [1], 50_000), ("Whole", [2], 40_000)),
                Sized(1, 20, ("Whole", [1], 100_000), ("Whole", [2], 100_000))),
            definition, new ShapeTable(definition, []), isCrowded: true)!;

        Assert.Equal([(20, 1), (40, 1), (4, 1), (4, 8), (80, 1)], times.Calls.Select(c => (c.Elements, c.Samples)));
        // 50 of 100 and 40 of 60 predicted; 100 of 190 and 100 of 100.
        Assert.Equal([10 * 0.5, 8 * 40.0 / 60], times.Calls[2].Microseconds);
        Assert.Equal([40 * 0.5, 30 * 40.0 / 60], times.Calls[3].Microseconds);
        Assert.Equal([400 * 100.0 / 190, 200], times.Calls[4].Microseconds, static (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Fact]
    public void Calls_beside_others_take_longer_the_more_others_there_are()
    {
        Value x = Value.Tensor<float>("x", "batch", "length", 2), y = Value.Tensor<float>("y", "batch", "length");
        ModelDefinition definition = new(1, "m", "m.onnx", "h", [x], [y], [new(1, Definitions.Whole([x], [y]), 1)]) { Batch = new("batch", [0], [0]) };
        ShapeTable shapes = new(definition, []);
        TunedRequest request = Sized(1, 10, ("Whole", [1], 8000), ("Whole", [2], 4000), ("Whole", [4], 3000));
        TuningSection section = Section(request with { Times = [request.Times[0] with { Crowded = 12000 }, .. request.Times.Skip(1)] });

        // One of four threads has three beside it, and takes 1.5 times as long; one of two threads has two, and four nobody.
        Assert.Equal([12.0, 4.0 * 4 / 3, 3.0], TunedRunner.Times(section, definition, shapes, isCrowded: true)!.Calls[0].Microseconds);
        Assert.Equal([8.0, 4.0, 3.0], TunedRunner.Times(section, definition, shapes, isCrowded: false)!.Calls[0].Microseconds);
    }

    private static TunedRequest Sized(int batch, int length, params (string Plan, int[] Threads, long Nanoseconds)[] times) =>
        Request(0, times) with { Names = ["batch", "length"], Sizes = [batch, length] };

    private static TuningSection Section(params TunedRequest[] requests) => new(Machine, "h", true, requests);

    private static TunedRequest Request(int size, params (string Plan, int[] Threads, long Nanoseconds)[] times) =>
        new(["n"], [size], Array.ConvertAll(times, t => new TunedTime(t.Plan, t.Threads, t.Nanoseconds, 9)));
}
