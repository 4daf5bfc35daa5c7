using System.Collections.Generic;
using System.IO;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Graph;

/// <summary>Shape inference and passes on a graph of 5,000 nodes.</summary>
internal sealed class PlanningTime : IFamily
{
    private const string Workload = "planning-time";

    public IEnumerable<Line> Measure(BenchOptions options) =>
        FirstRun.MeasureWarm("shape inference and passes on 5,000 nodes", longest: 100, options, Workload, ModelCatalog.Get("random_dag_5000").Write(ModelCatalog.Folder));

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != Workload)
            return null;
        OnnxModel model = ModelReader.ReadFile(arguments[0]);
        return new Repeated(() => Plan(model), group: 1);
    }

    private static void Plan(OnnxModel model)
    {
        PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(model));
        if (graph.Nodes.Count < 5000 || graph.Groups.Count == 0)
            throw new InvalidDataException("The graph was not planned.");
    }
}
