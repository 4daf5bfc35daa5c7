using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Modes;
using Cleave.Plans;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Cleave.Tuning;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Tuning;

/// <summary>What is measured: the ways to run a model on more than two cores, and the sizes of requests.</summary>
public sealed class TuningCandidatesTests
{
    [Theory]
    [InlineData(1, new[] { "Whole 1" })]
    [InlineData(4, new[] { "TwoLanes 1+1", "Whole 1", "Whole 2", "Whole 4" })]
    [InlineData(6, new[] { "TwoLanes 1+1", "Whole 1", "Whole 2", "Whole 4", "Whole 6" })]
    [InlineData(8, new[] { "TwoLanes 1+1", "Whole 1", "Whole 2", "Whole 4", "Whole 8" })]
    public void The_whole_model_with_powers_of_two_and_all_cores_and_each_split_that_has_room(int cores, string[] expected)
    {
        ModelDefinition definition = Towers.Definition();
        Assert.Equal(expected, TuningCandidates.Of(definition, new(), cores, canSplit: true).Select(Words).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(TuningCandidates.Of(definition, new(), cores, canSplit: false), static way => way.Plan.IsSplit);
        // The one that runs without tuning comes first, and each once.
        Assert.Equal(Words(ChosenPlan.Choose(definition.Budgets, cores, PlanChoice.Auto)), Words(TuningCandidates.Of(definition, new(), cores, canSplit: true)[0]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_tuned_plan_with_more_cores_than_there_are_is_not_taken(int cores)
    {
        ModelDefinition definition = Towers.Definition();
        Check(ChosenPlan.Whole(definition.Budgets, 4, 4));
        Check(null);

        void Check(ChosenPlan? tuned)
        {
            ModeList list = ModeList.Of(definition, new(), cores, canSplit: true, tuned);
            Assert.Equal(Words(ChosenPlan.Choose(definition.Budgets, cores, PlanChoice.Auto)), Words(list.Modes[list.Planned]));
        }
    }

    [Fact]
    public async Task On_eight_cores_sessions_of_one_two_four_and_eight_threads_are_measured()
    {
        ConcurrentBag<int> made = [];
        OnnxProto.ModelProto model = Models.Times(2);
        Value[] inputs = Definitions.Of(model).Inputs, outputs = Definitions.Of(model).Outputs;
        Plan whole = Definitions.Whole(inputs, outputs);
        await using LooseRunner runner = new(Definitions.Of(model, [new(1, whole, 1), new(8, whole, 8)]), new()
        {
            Model = ModelSource.Bytes(model.ToByteArray()),
            Cores = 8,
            Ledger = Ledgers.Own(8),
            TuningSpan = TimeSpan.Zero,
            Deterministic = true,
            ConfigureSession = (_, segment) => made.Add(segment.Threads),
        });
        Assert.Equal([8], made);
        TuningResult result = await runner.TuneAsync(TimeSpan.FromMinutes(2));
        Assert.True(result.IsComplete);
        Assert.Equal(["Whole 1", "Whole 2", "Whole 4", "Whole 8"], Assert.Single(result.Requests).Times.Select(static t => t.Mode).Order(StringComparer.Ordinal));
        Assert.Equal([1, 2, 4, 8], made.Distinct().Order());
    }

    [Fact]
    public void Sizes_are_the_planned_ones_then_batches_then_a_quarter_and_four_times_of_the_others()
    {
        Assert.Equal([[1, 128, 2], [2, 128, 2], [4, 128, 2], [8, 128, 2], [16, 128, 2], [1, 32, 1], [1, 512, 8]], TuningSample.Sizes([1, 128, 2], batch: 0));
        Assert.Equal([[4, 1], [1, 1], [16, 4]], TuningSample.Sizes([4, 1], batch: -1));
        // None twice, and none that no dimension can have.
        Assert.Equal([[1, 8], [1, 2], [1, 4], [1, 16]], TuningSample.Sizes([1, 8], batch: 1).Select(static s => (int[])[s[0], s[1]]).Where(static s => s[0] == 1));
        Assert.Equal([[int.MaxValue], [int.MaxValue / 4]], TuningSample.Sizes([int.MaxValue], batch: -1));
        Assert.Equal([[]], TuningSample.Sizes([], batch: -1));
    }

    [Fact]
    public async Task Where_two_more_sessions_do_not_fit_nothing_is_measured_and_a_note_says_so()
    {
        int made = 0;
        await using LooseRunner runner = LooseRunner.Of(Models.Times(2), new()
        {
            Cores = 2,
            Ledger = Ledgers.Own(2),
            MaxMemory = 1,
            Deterministic = true,
            ConfigureSession = (_, _) => made++,
        });
        TuningResult result = await runner.TuneAsync(TimeSpan.FromMinutes(2));
        Assert.Empty(result.Requests);
        Assert.Equal((false, null), (result.IsComplete, result.File));
        Assert.StartsWith("Two more sessions do not fit into memory: ", Assert.Single(result.Notes));
        Assert.Contains("RunnerOptions.MaxMemory", result.Notes[0]);
        Assert.Equal(1, made);
    }

    private static string Words(ChosenPlan way) => new Core.Tuning.TunedTime(way.Plan.Name, way.Threads, 1, 1).Words;
}
