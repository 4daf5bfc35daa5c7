using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Parts;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.Core.Shapes.Batch;
using Cleave.TestKit.Catalog;
using Xunit;

namespace Cleave.Core.Tests.Batching;

/// <summary>Which batches are predicted to pay.</summary>
public sealed class BatchPlannerTests
{
    [Fact]
    public void Where_each_sample_is_one_row_batches_pay()
    {
        PredictedBatch batch = Assert.Single(Find("mlp_8x512"));
        Assert.Equal(512, batch.Elements);
        Assert.InRange(batch.Size, 8, 32);
        Assert.InRange(batch.Gain, 2, 8);
    }

    [Fact]
    public void Longer_samples_gain_less_in_smaller_batches()
    {
        IReadOnlyList<PredictedBatch> found = Find("bert_4x384", "sequence=32");
        // Tokens, mask and types of 2, 8 and 32 tokens; with 128 nothing is gained.
        Assert.Equal([6, 24, 96], found.Select(b => b.Elements));
        Assert.Equal(found.OrderByDescending(b => b.Gain), found);
        Assert.Equal(found.OrderByDescending(b => b.Size), found);
        Assert.InRange(found[1].Gain, 1.6, 3);
    }

    [Theory]
    [InlineData("inception_v3")]
    [InlineData("residual")]
    public void Convolutions_of_many_places_gain_nothing(string model) => Assert.Empty(Find(model));

    [Fact]
    public void What_overhead_takes_is_gained_up_to_the_largest_batch()
    {
        PredictedBatch batch = Assert.Single(Find("random_dag_200"));
        Assert.Equal(32, batch.Size);
        Assert.InRange(batch.Gain, 10, 32);
    }

    [Fact]
    public void The_same_each_time() => Assert.Equal(Find("lstm_stacked"), Find("lstm_stacked"));

    private static IReadOnlyList<PredictedBatch> Find(string name, string dims = "")
    {
        OnnxModel model = ModelReader.ReadFile(ModelCatalog.Get(name).Write(ModelCatalog.Folder));
        PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(model));
        BatchProof proof = BatchAxis.Find(graph.Facts, graph.Outputs);
        Assert.True(proof.Holds, proof.Reason);
        return BatchPlanner.Find(CallPredictor.Table(
            graph, proof.Dimension, [.. proof.InputAxes.Keys], PlanDimensions.Of(graph, PlanDimensions.Parse(dims)), new CostModel(DeviceTables.Baked)));
    }
}
