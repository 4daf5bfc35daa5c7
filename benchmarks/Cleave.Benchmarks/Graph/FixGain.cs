using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Foundation;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Fixing;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Graph;

/// <summary><c>cleave fix</c> on models whose initializers are graph inputs: ONNX Runtime on the file as published and on the fixed one.</summary>
internal sealed class FixGain : IFamily
{
    private const double Least = 1.8;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach (string model in new[] { "ultraface_rfb_320", "ultraface_slim_320" })
            yield return Measure(model, options);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name == "fix-binding" ? Workloads.Binding(arguments[0], group: 1) : null;

    private static Line Measure(string model, BenchOptions options)
    {
        string what = $"cleave fix {model}: the fixed file against the published one, ONNX Runtime, 1 thread";
        string target = string.Create(CultureInfo.InvariantCulture, $">= {Least}x faster, verified equal");
        string published = SharedModels.PathOf(model + ".onnx");
        if (!File.Exists(published))
            return Line.NotMeasured(what, target, "the model is absent");
        Directory.CreateDirectory(ModelCatalog.Folder);
        string better = Path.Combine(ModelCatalog.Folder, model + "_fixed.onnx");
        // Throws where the results differ.
        FixReport report = new FixRun(new FixOptions { Model = published, Output = better, Measure = false }, static (_, _) => { }, default).Run();
        Samples samples = Interleaved.Measure([new("published", "fix-binding", published), new("fixed", "fix-binding", better)], options.Settings);
        Interval ratio = samples.Ratio("published", "fixed");
        double apart = report.Outputs.Max(o => o.Difference.OfRange);
        string measured = string.Create(CultureInfo.InvariantCulture,
            $"{ratio.AsRatio()} ({samples.Median("published") / 1e6:0.00} and {samples.Median("fixed") / 1e6:0.00} ms); outputs at most {apart:g3} of their range apart");
        return Line.Of(what, target, measured, ratio.Gains(Least) && report.Outputs.Count > 0, samples);
    }
}
