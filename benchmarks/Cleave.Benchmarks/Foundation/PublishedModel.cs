using System.Collections.Generic;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Foundation;

/// <summary>UltraFace, whose initializers are graph inputs: the generated runner against ONNX Runtime on the file as published.</summary>
internal sealed class PublishedModel : IFamily
{
    private const string What = "ultraface_rfb_320: Run(input) against ONNX Runtime on the file as published, 1 thread each";
    private const string Target = ">= 2.0x faster";

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string path = SharedModels.PathOf("ultraface_rfb_320.onnx");
        if (!System.IO.File.Exists(path))
            return [Line.NotMeasured(What, Target, "the model is absent")];
        Samples samples = Interleaved.Measure(
            [new("published", "published-binding", path), new("runner", "published-run", path)],
            options.Settings);
        Interval ratio = samples.Ratio("published", "runner");
        string measured = $"{ratio.AsRatio()} (minima {samples.RatioOfMinima("published", "runner"):0.00}x; {samples.Median("published") / 1e6:0.00} and {samples.Median("runner") / 1e6:0.00} ms)";
        return [Line.Of(What, Target, measured, ratio.Gains(2.0), samples)];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "published-binding" => Workloads.Binding(arguments[0], group: 1),
        "published-run" => Workloads.Run(arguments[0], group: 1),
        _ => null,
    };
}
