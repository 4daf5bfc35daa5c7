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

    private static TuningSection Section(params TunedRequest[] requests) => new(Machine, "h", true, requests);

    private static TunedRequest Request(int size, params (string Plan, int[] Threads, long Nanoseconds)[] times) =>
        new(["n"], [size], System.Array.ConvertAll(times, t => new TunedTime(t.Plan, t.Threads, t.Nanoseconds, 9)));
}
