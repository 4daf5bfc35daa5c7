using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Runtime.Tests.Support;
using Cleave.Timelines;
using Xunit;

namespace Cleave.Runtime.Tests.Lanes;

/// <summary>What lanes do for several samples at once.</summary>
public sealed class GroupScheduleTests
{
    [Fact]
    public void Plain_lanes_run_their_own_segments_of_every_sample()
    {
        using LooseRunner runner = Towers.Runner();
        Statement[][] lanes = new GroupSchedule(runner.Engine.Plan.Outline, Switching.Never).For(2);
        Assert.Equal(["Run(Left) 0", "Run(Left) 1", "Receive(b) 0", "Run(Join) 0", "Receive(b) 1", "Run(Join) 1"], lanes[0].Select(Words));
        Assert.Equal(["Run(Right) 0", "Send(b) 0", "Run(Right) 1", "Send(b) 1"], lanes[1].Select(Words));
    }

    [Fact]
    public void Switched_lanes_take_turns()
    {
        using LooseRunner runner = Towers.Runner();
        GroupSchedule schedule = new(runner.Engine.Plan.Outline, Switching.Always);
        Statement[][] lanes = schedule.For(3);
        Assert.Equal(
            ["Run(Left) 0", "Run(Left) 2", "Run(Right) 1", "Send(b) 1", "Receive(b) 0", "Run(Join) 0", "Receive(b) 2", "Run(Join) 2"], lanes[0].Select(Words));
        Assert.Equal(["Run(Left) 1", "Run(Right) 0", "Send(b) 0", "Run(Right) 2", "Send(b) 2", "Receive(b) 1", "Run(Join) 1"], lanes[1].Select(Words));
        Assert.Same(lanes, schedule.For(3));
    }

    [Fact]
    public void Lanes_may_be_switched_where_each_can_run_what_the_others_run()
    {
        using LooseRunner runner = Towers.Runner();
        PlanOutline outline = runner.Engine.Plan.Outline;
        Assert.Equal(Switching.WhereUneven, GroupSchedule.Of(outline, [2, 2], isPinned: false)!.Switching);
        Assert.Equal(Switching.WhereUneven, GroupSchedule.Of(outline, [1, 1], isPinned: true)!.Switching);
        Assert.Equal(Switching.Never, GroupSchedule.Of(outline, [2, 1], isPinned: false)!.Switching);
        Assert.Equal(Switching.Never, GroupSchedule.Of(outline, [2, 2], isPinned: true)!.Switching);
    }

    [Fact]
    public void Lanes_are_switched_while_their_work_is_uneven()
    {
        using LooseRunner runner = Towers.Runner();
        PlanOutline outline = runner.Engine.Plan.Outline;
        GroupSchedule schedule = new(outline, Switching.WhereUneven), never = new(outline, Switching.Never), always = new(outline, Switching.Always);
        foreach ((long[] busy, bool isUneven) in new (long[], bool)[] { ([0, 0], false), ([100, 90], false), ([100, 20], true), ([90, 100], false), ([10, 100], true) })
        {
            schedule.Learn(busy);
            never.Learn(busy);
            always.Learn(busy);
            Assert.Equal((isUneven, false, true), (schedule.IsSwitched, never.IsSwitched, always.IsSwitched));
        }
    }

    [Fact]
    public void A_group_is_timed_by_the_plan_s_lanes_whichever_lane_ran_their_segments()
    {
        // The loop of the second lane is all there is to do, so lanes are switched; and stay so, where time counts for the lane of the plan.
        using LooseRunner runner = SplitModel.Loop().Runner();
        int stayed = 0;
        for (int i = 0; i < 100 && stayed < 3; i++)
        {
            foreach (LooseOutput output in runner.RunMany([SplitModel.LoopOf(20_000, 1), SplitModel.LoopOf(20_000, 1)]))
                output.Dispose();
            // A thread that did not get its turn may have taken long over nothing.
            stayed = runner.Engine.Groups!.IsSwitched ? stayed + 1 : 0;
        }
        Assert.Equal(3, stayed);
    }

    [Fact]
    public void Segments_that_a_plan_lists_out_of_order_run_one_by_one()
    {
        Value x = Towers.X, a = Value.Tensor<float>("a", 1, 16), b = Value.Tensor<float>("b", 1, 16);
        Segment left = new("Left", "0-1", [x], [a]), right = new("Right", "2-3", [x], [b]), join = new("Join", "4", [a, b], [Towers.Y]);
        Plan plan = new("Reversed", [join, right, left], Trunk, Side);
        using LooseRunner whole = Towers.Runner(new() { Plan = PlanChoice.Whole });
        using LooseRunner runner = Towers.Runner(null, new Budget(2, plan, 1, 1));
        Assert.Null(runner.Engine.Groups);
        float[][] inputs = [.. Enumerable.Range(0, 5).Select(Towers.Input)];
        LooseOutput[] outputs = runner.RunMany([.. inputs.Select(Towers.Request)]);
        for (int i = 0; i < inputs.Length; i++)
        {
            using LooseOutput expected = whole.Run(Towers.Request(inputs[i]));
            using (outputs[i])
                LaneTests.Near(expected.Get<float>(0), outputs[i].Get<float>(0));
        }

        void Trunk(Lane lane)
        {
            lane.Run(left);
            lane.Receive(b);
            lane.Run(join);
        }

        void Side(Lane lane)
        {
            lane.Run(right);
            lane.Send(b);
        }
    }

    [Fact]
    public void Each_sample_is_a_request_in_the_timeline()
    {
        Timeline timeline = new();
        using LooseRunner runner = Towers.Runner(new() { Plan = PlanChoice.Split, Timeline = timeline });
        runner.Engine.Groups = new GroupSchedule(runner.Engine.Plan.Outline, Switching.Always);
        foreach (LooseOutput output in runner.RunMany([.. Enumerable.Range(0, 4).Select(i => Towers.Request(Towers.Input(i)))]))
            output.Dispose();
        List<TimelineSpan> runs = [.. timeline.InOrder().Select(s => s.Span).Where(s => !s.IsWait)];
        string[][] requests = [.. runs.GroupBy(s => s.Request).OrderBy(g => g.Key)
            .Select(request => request.Select(s => s.Lane + " " + s.Name).Order(StringComparer.Ordinal).ToArray())];
        string[] even = ["0 Join", "0 Left", "1 Right"], odd = ["0 Right", "1 Join", "1 Left"];
        Assert.Equal([even, odd, even, odd], requests);
        Assert.Equal(4, runner.Engine.Modes.Planned.Requests);
    }

    private static string Words(Statement statement) => statement + " " + statement.Sample;
}
