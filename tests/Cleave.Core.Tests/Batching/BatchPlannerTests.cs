using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.Core.Shapes.Batch;
using Cleave.TestKit.Catalog;
using Xunit;

namespace Cleave.Core.Tests.Batching;

/// <summary>Which batches are predicted to pay.</summary>
public sealed class BatchPlannerTests(Xunit.Abstractions.ITestOutputHelper output)
{
    [Theory]
    [InlineData("mlp_8x512", "")]
    [InlineData("bert_4x384", "sequence=8")]
    [InlineData("bert_4x384", "")]
    [InlineData("bert_6x768", "")]
    [InlineData("inception_v3", "")]
    [InlineData("residual", "")]
    [InlineData("lstm_stacked", "")]
    [InlineData("random_dag_5000", "")]
    [InlineData("light_squeezenet_random", "")]
    public void Show(string name, string dims)
    {
        IReadOnlyList<PredictedBatch> found = Find(name, dims);
        output.WriteLine(name + " " + dims + ": " + string.Join("; ", found));
    }

    private static IReadOnlyList<PredictedBatch> Find(string name, string dims)
    {
        OnnxModel model = ModelReader.ReadFile(ModelCatalog.Get(name).Write(ModelCatalog.Folder));
        PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(model));
        BatchProof proof = BatchAxis.Find(graph.Facts, graph.Outputs);
        if (!proof.Holds)
            return [];
        System.Diagnostics.Stopwatch w = System.Diagnostics.Stopwatch.StartNew();
        return BatchPlanner.Find(graph, proof, [.. proof.InputAxes.Keys], PlanDimensions.Of(graph, PlanDimensions.Parse(dims)), new CostModel(DeviceTables.Baked));
    }
}
