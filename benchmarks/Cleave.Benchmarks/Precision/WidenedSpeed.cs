using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Precision;

/// <summary>A model published in 16 bits: a runner with nothing configured against the fastest of all set-ups of ONNX Runtime on that file.</summary>
internal sealed class WidenedSpeed : IFamily
{
    private const double Target = 1.6;

    private static readonly (string Model, int Sequence)[] Cases = [("bert_4x384_fp16", 4), ("bert_4x384_fp16", 32), ("bert_4x384_fp16", 128)];

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        foreach ((string name, int sequence) in Cases.Where(c => options.Has($"{c.Model}/{c.Sequence}")))
            yield return Measure(ModelCatalog.Get(name), sequence, options);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static Line Measure(CatalogModel model, int sequence, Harness.BenchOptions options)
    {
        string path = model.Write(ModelCatalog.Folder);
        Tool.Benching.BenchOptions inputs = Contest.Inputs(model) with
        {
            Dims = new Dictionary<string, string>(StringComparer.Ordinal) { ["batch"] = "1", ["sequence"] = sequence.ToString(CultureInfo.InvariantCulture) },
        };
        Samples samples = Qualified.Measure(
        [
            [.. OrtConfiguration.List(inputs.Threads, inputs.Callers).Select(c => BenchWorkloads.OfSession(c.Name, path, inputs, c))],
            [BenchWorkloads.OfRunner(Contest.Ours, path, inputs, Contest.Cores, callers: 1)],
        ], options);
        string best = Contest.Best(samples);
        Interval gain = samples.Ratio(best, Contest.Ours);
        return Line.Of($"a file of 16-bit floats as published, default runner over the best set-up: {model.Name} batch=1,sequence={sequence}",
            string.Create(CultureInfo.InvariantCulture, $">= {Target}x"),
            string.Create(CultureInfo.InvariantCulture, $"{gain.AsRatio()} ({samples.Median(best) / 1e6:0.00} ms with {best}, {samples.Median(Contest.Ours) / 1e6:0.00} ms)"), gain.Gains(Target), samples);
    }
}
