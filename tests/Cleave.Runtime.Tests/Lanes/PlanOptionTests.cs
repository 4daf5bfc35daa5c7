using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Generated;
using Cleave.Plans;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Xunit;

namespace Cleave.Runtime.Tests.Lanes;

/// <summary>Which plan is opened, with which sessions, and what happens where that cannot be.</summary>
public sealed class PlanOptionTests
{
    private readonly ListLogger _logger = new();

    [Fact]
    public void The_table_decides_unless_somebody_asks_for_something_else()
    {
        Plan whole = Definitions.Whole([], []), split = Lanes("Two", 2), wide = Lanes("Wide", 4);
        Budget[] rows = [new(1, whole, 1), new(2, split, 1, 1), new(8, whole, 6), new(16, wide, 4, 4, 4, 4)];
        Check(PlanChoice.Auto, (1, "Whole", "1"), (2, "Two", "1 1"), (4, "Two", "1 1"), (8, "Whole", "6"), (64, "Wide", "4 4 4 4"));
        Check(PlanChoice.Whole, (1, "Whole", "1"), (2, "Whole", "2"), (4, "Whole", "2"), (8, "Whole", "6"), (64, "Whole", "16"));
        Check(PlanChoice.Split, (1, "Two", "1 1"), (2, "Two", "1 1"), (8, "Two", "1 1"), (16, "Wide", "4 4 4 4"));

        // Made for more cores than there are: fewer threads, the lane with the most gives first.
        Assert.Equal([2, 1], ChosenPlan.Choose([new(8, split, 6, 2)], 3, PlanChoice.Auto).Threads);
        Assert.Equal([2, 2], ChosenPlan.Choose([new(8, split, 6, 2)], 4, PlanChoice.Auto).Threads);
        Assert.Equal([1, 1, 1, 1], ChosenPlan.Choose([new(8, wide, 2, 2, 2, 2)], 1, PlanChoice.Auto).Threads);
        Assert.Equal([3], ChosenPlan.Choose([new(8, whole, 6)], 3, PlanChoice.Auto).Threads);
        Assert.Equal("Whole", ChosenPlan.Choose([new(1, whole, 1)], 8, PlanChoice.Split).Plan.Name);
        Assert.Throws<ArgumentException>(() => ChosenPlan.Choose([new(1, split, 1, 1)], 1, PlanChoice.Whole));

        void Check(PlanChoice choice, params (int Cores, string Plan, string Threads)[] expected)
        {
            foreach ((int cores, string plan, string threads) in expected)
            {
                ChosenPlan chosen = ChosenPlan.Choose(rows, cores, choice);
                Assert.Equal((cores, plan, threads), (cores, chosen.Plan.Name, OpenedPlan.Words(chosen.Threads)));
            }
        }
    }

    [Fact]
    public void Option_before_metadata_before_table()
    {
        Assert.Equal("TwoLanes", Opened(null, PlanChoice.Split));
        Assert.Equal("Whole", Opened(null, PlanChoice.Whole));
        Assert.Equal("TwoLanes", Opened(PlanChoice.Auto, PlanChoice.Whole));
        Assert.Equal("Whole", Opened(PlanChoice.Whole, PlanChoice.Split));
        Assert.Equal("TwoLanes", Opened(PlanChoice.Split, PlanChoice.Whole));
        Assert.Empty(_logger.Warnings);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RunnerOptions { Plan = (PlanChoice)7 });

        string Opened(PlanChoice? option, PlanChoice metadata)
        {
            RunnerOptions options = new() { Model = Towers.Source, Logger = _logger };
            if (option is { } choice)
                options.Plan = choice;
            ModelDefinition plain = Towers.Definition();
            ModelDefinition definition = new(1, "test", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, plain.Budgets) { Options = new() { Plan = metadata } };
            using LooseRunner runner = new(definition, options);
            return runner.Engine.Plan.Outline.Plan.Name;
        }
    }

    [Fact]
    public void A_split_that_cannot_be_is_said()
    {
        using (LooseRunner runner = LooseRunner.Of(Models.Toy(), new() { Plan = PlanChoice.Split, Logger = _logger }))
            Assert.Equal("Whole", runner.Engine.Plan.Outline.Plan.Name);
        Assert.Contains("the generated code has none", _logger.Warnings[0]);
        using (LooseRunner runner = Towers.Runner(new() { Plan = PlanChoice.Split, Slicing = false, Logger = _logger }))
            Assert.Equal("Whole", runner.Engine.Plan.Outline.Plan.Name);
        Assert.Contains("Slicing off", _logger.Warnings[1]);
    }

    [Fact]
    public void A_plan_for_more_cores_is_clamped_with_one_line()
    {
        using LooseRunner runner = Towers.Runner(new() { Cores = 1, Plan = PlanChoice.Split, Logger = _logger }, new Budget(64, Towers.Plan, 32, 32));
        Assert.Equal([1, 1], runner.Engine.Plan.Threads);
        Assert.Equal("Cleave runs the plan TwoLanes of test, made for 64 cores, on 1: threads 1 1", Assert.Single(_logger.Lines, l => l.Contains("made for")));
        Assert.False(runner.Engine.Modes.Planned.LaneSettings.MaySpin);
        runner.Run(Towers.Request(Towers.Input(1))).Dispose();
    }

    [Fact]
    public void Only_the_chosen_plan_has_sessions()
    {
        List<string> made = [];
        using LooseRunner runner = Towers.Runner(new() { Plan = PlanChoice.Split, ConfigureSession = (_, segment) => made.Add(segment.Segment) });
        Assert.Equal(["Left", "Right", "Join"], made);
    }

    [Fact]
    public void Equal_segments_of_two_plans_share_a_session()
    {
        using LooseRunner runner = Towers.Runner();
        SessionTable sessions = runner.Engine.Sessions;
        Segment right = Towers.Segments[1];
        Segment same = new("Same", right.Nodes, right.Reads, right.Writes), other = new("Other", "2", right.Reads, [Value.Tensor<float>("b1", 1, 16)]);
        Assert.Same(runner.Engine.Plan.Sessions[1], sessions.Get(same, 1, 0, null));
        Assert.NotSame(sessions.Get(same, 1, 0, null), sessions.Get(same, 2, 0, null));
        Assert.Equal(2, sessions.Get(same, 2, 0, null).Threads);
        Assert.NotSame(sessions.Get(same, 2, 0, null), sessions.Get(same, 2, 1, null));
        Assert.Same(sessions.Get(same, 1, 0, null), sessions.Get(same, 1, 1, null));
        Assert.NotSame(sessions.Get(same, 1, 0, null), sessions.Get(other, 1, 0, null));
    }

    [Fact]
    public void A_segment_that_ONNX_Runtime_refuses_gives_the_whole_model_or_an_error()
    {
        using (LooseRunner runner = Refused(strict: false))
        {
            Assert.Equal("Whole", runner.Engine.Plan.Outline.Plan.Name);
            string warning = Assert.Single(_logger.Warnings);
            Assert.Contains("the whole model test instead of the plan TwoLanes", warning);
            Assert.Contains("'Right'", warning);
            using LooseOutput output = runner.Run(Towers.Request(Towers.Input(1)));
            Assert.Equal(16, output.Get<float>(0).Length);
        }
        CleaveException e = Assert.Throws<CleaveException>(() => Refused(strict: true));
        Assert.Equal("CLV4007", e.Id);
        Assert.Contains("'Right'", e.Message);

        LooseRunner Refused(bool strict) => Towers.Runner(new()
        {
            Plan = PlanChoice.Split,
            Strict = strict,
            Logger = _logger,
            ConfigureSession = static (options, segment) =>
            {
                if (segment.Segment == "Right")
                {
                    // Processors count from 1 here, so ONNX Runtime refuses it.
                    options.IntraOpNumThreads = 2;
                    options.AddSessionConfigEntry("session.intra_op_thread_affinities", "0");
                }
            },
        });
    }

    [Fact]
    public void A_provider_that_the_package_lacks_does_not_fall_back()
    {
        CleaveException e = Assert.Throws<CleaveException>(() => Towers.Runner(new()
        {
            Plan = PlanChoice.Split,
            Logger = _logger,
            ConfigureSession = static (options, segment) =>
            {
                if (segment.Segment == "Right")
                    options.AppendExecutionProvider_CUDA(0);
            },
        }));
        Assert.Equal("CLV4007", e.Id);
        Assert.Empty(_logger.Warnings);
    }

    [Fact]
    public void Another_error_does_not_fall_back()
    {
        // What the generated code says of the graph is wrong: that must not pass unseen.
        Value x = Value.Tensor<float>("x", 1, 16), b = Value.Tensor<float>("b", 1, 16), y = Value.Tensor<float>("y", 1, 16);
        Segment left = new("Left", "0", [x], [b]), join = new("Join", "1-4", [b], [y]);
        Plan plan = new("P", [left, join], lane =>
        {
            lane.Run(left);
            lane.Run(join);
        });
        Assert.Equal("CLV4006", Assert.Throws<CleaveException>(() => new SplitModel(Towers.Model(), plan).Runner()).Id);
    }

    [Fact]
    public void Sessions_have_the_threads_of_their_lane()
    {
        using LooseRunner runner = Towers.Runner(new() { Plan = PlanChoice.Split }, new Budget(2, Towers.Plan, 1, 1));
        Assert.All(runner.Engine.Plan.Sessions, s => Assert.Equal(1, s.Threads));
        ChosenPlan chosen = ChosenPlan.Choose([new(5, Towers.Plan, 3, 2)], 5, PlanChoice.Auto);
        Assert.Equal([3, 2], chosen.Threads);
        Assert.Equal([0, 1, 0], runner.Engine.Plan.Outline.LaneOf);
    }

    private static Plan Lanes(string name, int count)
    {
        Value x = Value.Tensor<float>("x", 1);
        Segment[] segments = [.. Enumerable.Range(0, count).Select(i => new Segment("S" + i, "0", [x], [x]))];
        return new Plan(name, segments, [.. segments.Select(s => (Action<Lane>)(lane => lane.Run(s)))]);
    }
}
