using System.Collections.Generic;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Cost;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Graph.Costs;

/// <summary>Whole models, predicted from the graph that ONNX Runtime made of them, with the shapes that it had in a run; one thread.</summary>
internal sealed class CostFromOptimised : IFamily
{
    private const string What = "cost from the optimised graph, one thread";

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        CostModel device = CostLab.Shared.Device(options);
        List<(double, double)> pairs = [];
        foreach ((CostPlan plan, double measured) in CostLab.Shared.Measure(CostLab.Models(options), options))
        {
            if (!CostLab.IsJudged(measured))
                continue;
            using OptimisedWork graph = new(plan);
            double predicted = graph.Predict(device);
            pairs.Add((measured, predicted));
            yield return CostAccuracy.Of(What, plan, measured, predicted);
        }
        yield return CostAccuracy.Summary(What, pairs, 0.07, 0.20);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;
}
