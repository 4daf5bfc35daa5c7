using System.Collections.Generic;
using System.IO;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Clusters;

/// <summary>Planning a graph of 5,000 nodes for every core count, its shapes and groups known.</summary>
internal sealed class SearchTime : IFamily
{
    private const string Workload = "search-time";

    public IEnumerable<Line> Measure(BenchOptions options) =>
    [
        FirstRun.Measure("planning 5,000 nodes for all core counts", longest: 350, options, Workload, ModelCatalog.Get("random_dag_5000").Write(ModelCatalog.Folder)),
    ];

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != Workload)
            return null;
        PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.ReadFile(arguments[0])));
        return new Repeated(() => Search(graph), group: 1);
    }

    private static void Search(PlanGraph graph)
    {
        BudgetTable table = Planner.Plan(new SizedGraph(graph, static _ => 1), new CostModel(DeviceTables.Baked), new PlanOptions());
        if (table.Rows.Count != PlanOptions.AllCores.Count)
            throw new InvalidDataException("The graph was not planned.");
    }
}
