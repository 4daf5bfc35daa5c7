using System;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>What is wrong with a request that is cut costs that request, and says what it is.</summary>
public sealed class SegmentFailureTests
{
    private const int Width = 3;

    private static ModelProto Scores(float factor) => Model(
        [Tensor("x", ElementType.Float, "batch", Width)], [Tensor("y", ElementType.Float, "batch", Width)], [Node("Mul", ["x", "factor"], ["y"])], [Floats("factor", [], factor)]);

    // The table has no place 1.
    private static ModelProto Failing => Model(
        [Tensor("x", ElementType.Float, "batch", Width)], [Tensor("y", ElementType.Float, "batch", Width)],
        [Node("ReduceMax", ["x"], ["one"], Int("keepdims", 0)), Node("Cast", ["one"], ["index"], Int("to", 7)), Node("Gather", ["table", "index"], ["at"]), Node("Mul", ["x", "at"], ["y"])],
        [Floats("table", [1], 3)]);

    private static EnsembleOptions Options => new() { Ledger = Ledgers.Own(2), Cells = Enumerable.Range(0, 2).ToDictionary(i => "m" + i, _ => new EnsembleCell(1, 1, 4)) };

    private static float Ask(LooseEnsemble ensemble, int samples)
    {
        using LooseOutput output = ensemble.Run((ref InputBinder b) =>
        {
            b.Dim(samples);
            b.Copy<float>(0, Enumerable.Repeat(1f, samples * Width).ToArray());
        });
        float first = output.Get<float>(0)[0];
        Assert.All(output.Get<float>(0).ToArray(), y => Assert.Equal(first, y));
        return first;
    }

    [Fact]
    public void A_member_that_fails_on_every_request_is_named_and_takes_nothing_with_it()
    {
        using LooseEnsemble ensemble = LooseEnsemble.Batched([Scores(2), Failing], CombinationRule.Mean, Options);
        using LooseEnsemble other = LooseEnsemble.Batched([Scores(2), Scores(4)], CombinationRule.Mean, Options);
        for (int i = 0; i < 5; i++)
        {
            CleaveException e = Assert.Throws<CleaveException>(() => Ask(ensemble, 50));
            Assert.Equal("CLV4030", e.Id);
            Assert.StartsWith("CLV4030: The ensemble 'Vision' has no output for a request, because its member 'm1' failed; mend what it says, or take the member off the item:", e.Message, StringComparison.Ordinal);
            Assert.Equal(3, Ask(other, 50));
        }
    }

    [Fact]
    public void A_rule_that_throws_fails_its_request_only()
    {
        int asked = 0;
        using LooseEnsemble ensemble = LooseEnsemble.Batched([Scores(2), Scores(4)], CombinationRule.Custom, Options, (_, members) =>
        {
            if (Interlocked.Increment(ref asked) % 2 == 1)
                throw new FormatException("odd");
            members.Set(members.Tensor<float>(1));
        });
        for (int i = 0; i < 3; i++)
        {
            CleaveException e = Assert.Throws<CleaveException>(() => Ask(ensemble, 50));
            Assert.Equal(("CLV4031", "CLV4031: The ensemble 'Vision' could not combine the output 'y'; mend its rule, or take one that fits these outputs: FormatException: odd"), (e.Id, e.Message));
            Assert.Equal(4, Ask(ensemble, 50));
        }
    }

    [Fact]
    public void Outputs_that_turn_out_unequal_cannot_be_combined()
    {
        ModelProto twice = Model([Tensor("x", ElementType.Float, "batch", Width)], [Tensor("y", ElementType.Float, "batch", "m")], [Node("Concat", ["x", "x"], ["y"], Int("axis", 1))]);
        using LooseEnsemble ensemble = LooseEnsemble.Batched([Scores(2), twice], CombinationRule.Mean, Options);
        for (int i = 0; i < 3; i++)
        {
            CleaveException e = Assert.Throws<CleaveException>(() => Ask(ensemble, 50));
            Assert.Equal("CLV4031", e.Id);
            Assert.Contains("3]", e.Message, StringComparison.Ordinal);
            Assert.Contains("6]", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Samples_are_no_scores_to_vote_on()
    {
        ModelProto sum = Model([Tensor("x", ElementType.Float, "batch", Width)], [Tensor("y", ElementType.Float, "batch")], [Node("ReduceSum", ["x", "last"], ["y"], Int("keepdims", 0))], [Longs("last", [1], 1)]);
        using LooseEnsemble ensemble = LooseEnsemble.Batched([sum, sum], CombinationRule.MajorityVote, Options);
        CleaveException e = Assert.Throws<CleaveException>(() => Ask(ensemble, 50));
        Assert.Equal("CLV4031", e.Id);
        Assert.Contains("gave [50], which has no last dimension of scores to vote on beside the batch", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_not_one_for_each_member_are_refused()
    {
        ModelDefinition[] models = [Definitions.Batched(Scores(1)), Definitions.Batched(Scores(2))];
        EnsembleDefinition Of(params double[] weights) => new(1, "Vision", models[0].Inputs, [.. models.Select((m, i) => new EnsembleMember("m" + i, m, [0]))],
            [new EnsembleOutput(models[0].Outputs[0], CombinationRule.WeightedMean, [0, 0], weights)]);
        Assert.Contains("a weight if any, for each member", Assert.Throws<ArgumentException>(() => Of(1)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Of(1, 2, 3));
        Assert.Equal(2, Of(1, 2).Members.Length);
    }
}
