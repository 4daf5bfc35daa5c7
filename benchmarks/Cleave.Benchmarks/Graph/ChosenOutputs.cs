using System.Collections.Generic;
using Cleave.Benchmarks.Foundation;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Graph;

/// <summary>Two towers side by side, one of them asked for: ONNX Runtime computes both, a runner with that output only its own.</summary>
internal sealed class ChosenOutputs : IFamily
{
    private const string Model = "two_tower_8x256";
    private const string Output = "item_embedding";
    private const string What = "two-tower MLP, Outputs = one tower: Run(input) against ONNX Runtime asked for the same output, 1 thread each";
    private const string Target = ">= 1.8x faster";

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string path = ModelCatalog.Get(Model).Write(ModelCatalog.Folder);
        Samples samples = Interleaved.Measure(
            [new("whole", "chosen-whole", path), new("same output", "chosen-binding", path), new("runner", "chosen-runner", path)],
            options.Settings);
        Interval ratio = samples.Ratio("same output", "runner");
        string measured = $"{ratio.AsRatio()} ({samples.Median("same output") / 1e3:0.0} and {samples.Median("runner") / 1e3:0.0} us; all outputs {samples.Median("whole") / 1e3:0.0} us)";
        yield return Line.Of(What, Target, measured, ratio.Gains(1.8), samples);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "chosen-whole" => Workloads.Binding(arguments[0], group: 1),
        "chosen-binding" => Workloads.Binding(arguments[0], group: 1, Output),
        "chosen-runner" => Workloads.Run(arguments[0], group: 1, Output),
        _ => null,
    };
}
