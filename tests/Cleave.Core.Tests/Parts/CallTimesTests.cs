using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Parts;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.Core.Shapes.Batch;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Xunit;

namespace Cleave.Core.Tests.Parts;

/// <summary>What calls take, from a few that were predicted.</summary>
public sealed class CallTimesTests
{
    [Fact]
    public void Between_those_known_times_grow_as_a_power_and_beyond_in_proportion()
    {
        CallTimes times = new([1, 2], [Call(16, 1, 10, 6), Call(16, 4, 20, 12), Call(64, 1, 40, 20), Call(64, 4, 160, 80)]);
        Assert.Equal(10, times.Of(16, 1).At(1), 9);
        Assert.Equal(20, times.Of(32, 1).At(1), 9);
        Assert.Equal(6, times.Of(16, 1).At(2), 9);
        Assert.Equal(Math.Sqrt(10 * 20), times.Of(16, 2).At(1), 9);
        Assert.Equal(80, times.Of(128, 1).At(1), 9);
        Assert.Equal(320, times.Of(64, 8).At(1), 9);
        Assert.Equal(10, times.Of(3, 1).At(1), 9);
        Assert.Equal(10, times.Of(0, 0).At(1), 9);
    }

    [Fact]
    public void Without_a_prediction_the_size_stands_for_the_time()
    {
        PartTimes one = CallTimes.BySize.Of(100, 1), other = CallTimes.BySize.Of(50, 4);
        Assert.Equal(2, other.Alone / one.Alone, 9);
        Assert.InRange(one.Alone / one.At(2), 1.5, 2);
    }

    [Theory]
    [InlineData("bert_4x384")]
    [InlineData("lstm_stacked")]
    [InlineData("mlp_8x512")]
    [InlineData("detector")]
    public void Predictions_between_the_baked_sizes_are_near_to_those_of_the_model(string name)
    {
        (PlanGraph graph, string? batch, string[] inputs, IReadOnlyDictionary<string, long> planned, CostModel cost) = Load(name);
        IReadOnlyList<PredictedCall> calls = CallPredictor.Thin(CallPredictor.Table(graph, batch, inputs, planned, cost));
        Assert.Equal(calls, calls.OrderBy(c => c.Elements).ThenBy(c => c.Samples));
        CallTimes times = new(CallPredictor.Counts, calls);
        foreach (double scale in (double[])[0.07, 0.3, 0.9, 1, 3])
        {
            foreach (int samples in batch is null ? [1] : (int[])[1, 3, 8])
            {
                Dictionary<string, long> sizes = planned.ToDictionary(s => s.Key, s => Math.Max(1, (long)(s.Value * scale)), StringComparer.Ordinal);
                if (batch is not null)
                    sizes[batch] = samples;
                SizedGraph sized = new(graph, sizes);
                long elements = (long)inputs.Sum(i => NodeSizes.Count(sized.Shape(i))) / samples;
                foreach (int threads in (int[])[1, 2])
                {
                    double ratio = times.Of(elements, samples).At(threads) / (new GraphCost(sized, cost).Whole(threads) / 1e3);
                    // Large batches of long samples take more than in proportion, and are not put together.
                    Assert.True(ratio is > 0.78 and < 1.18, $"{scale} times the planned size, {samples} samples, {threads} threads: {ratio:0.00}");
                }
            }
        }
    }

    [Fact]
    public void A_model_without_open_dimensions_has_one_line()
    {
        (PlanGraph graph, string? batch, string[] inputs, IReadOnlyDictionary<string, long> planned, CostModel cost) = Load("detector");
        Assert.Single(CallPredictor.Thin(CallPredictor.Table(graph, batch, inputs, planned, cost)));
    }

    [SkippableTheory]
    [InlineData("sequence=512", true)]
    // Shorter than a frame.
    [InlineData("sequence=128", false)]
    public void Sizes_that_a_model_cannot_run_at_are_left_out_and_an_If_is_the_branch_that_it_takes(string dims, bool isKnown)
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        (PlanGraph graph, string? batch, string[] inputs, IReadOnlyDictionary<string, long> planned, CostModel cost) = Load("silero_vad_16k_op15", dims);
        IReadOnlyList<PredictedRow> table = CallPredictor.Table(graph, batch, inputs, planned, cost);
        Assert.Equal(isKnown, table.Any(r => r.Scale == 1));
        Assert.DoesNotContain(table, r => r.Scale < 0.25);
        Assert.Equal(isKnown ? [2, 1, 128] : null, new SizedGraph(graph, planned).Shape("stateN"));
    }

    private static (PlanGraph Graph, string? Batch, string[] Inputs, IReadOnlyDictionary<string, long> Planned, CostModel Cost) Load(string name, string dims = "")
    {
        OnnxModel model = ModelReader.ReadFile(ModelCatalog.Get(name).Write(ModelCatalog.Folder));
        PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(model));
        BatchProof proof = BatchAxis.Find(graph.Facts, graph.Outputs);
        IReadOnlyDictionary<string, long> planned = PlanDimensions.Of(graph, PlanDimensions.Parse(dims));
        return (graph, proof.Holds ? proof.Dimension : null, [.. model.Graph.Inputs.Select(i => i.Name).Except(model.Graph.Initializers.Select(i => i.Name))], planned, new CostModel(DeviceTables.Baked));
    }

    private static PredictedCall Call(long elements, int samples, params double[] microseconds) => new(elements, samples, microseconds);
}
