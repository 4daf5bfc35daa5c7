using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Rewriting;

namespace Cleave.Benchmarks.Precision;

/// <summary>What <c>cleave quantize</c> writes against the model of floats, each in the fastest of all set-ups of ONNX Runtime.</summary>
internal sealed class QuantizedSpeed : IFamily
{
    private const double Unseen = 1.3;

    private static readonly (string Model, string Dims, double Target)[] Cases =
    [
        ("bert_4x384", "batch=1,sequence=4", 2.3), ("bert_4x384", "batch=1,sequence=32", 2.3), ("bert_4x384", "batch=1,sequence=128", 2.3),
        ("bert_6x768", "batch=1,sequence=4", 2.3), ("bert_6x768", "batch=1,sequence=32", 2.3), ("bert_6x768", "batch=1,sequence=128", 2.3),
        ("light_squeezenet_random", "", 1.6), ("light_densenet121_random", "", 1.6), ("light_inception_v2_random", "", 1.6), ("light_resnet50_random", "", 1.6),
    ];

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        foreach ((string name, string dims, double target) in Cases.Where(c => options.Has(c.Model)))
        {
            string what = $"time of a run of floats over that of 8 bits, error up to {PrecisionCase.MaxError.ToString(CultureInfo.InvariantCulture)}: {name} {dims}";
            string aim = string.Create(CultureInfo.InvariantCulture, $">= {target}x");
            if (ModelCatalog.All.FirstOrDefault(m => m.Name == name) is not { } model)
            {
                yield return Line.NotMeasured(what, aim, "the model is absent");
                continue;
            }
            foreach (Line line in Measure(model, dims, what, aim, target, options))
                yield return line;
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static List<Line> Measure(CatalogModel model, string dims, string what, string aim, double target, Harness.BenchOptions options)
    {
        PrecisionCase made;
        try
        {
            made = PrecisionCase.Make(model, dims, leastGain: 0);
        }
        catch (RewriteException e)
        {
            return [Line.Of(what, aim, e.Message, held: false, e.Message)];
        }
        Tool.Benching.BenchOptions inputs = Contest.Inputs(model);
        if (dims.Length > 0)
            inputs = inputs with { Dims = dims.Split(',').Select(static d => d.Split('=')).ToDictionary(static d => d[0], static d => d[1], StringComparer.Ordinal) };
        OrtConfiguration[] setups = [.. OrtConfiguration.List(inputs.Threads, inputs.Callers)];
        Candidate[] candidates =
        [
            .. setups.Select(s => BenchWorkloads.OfSession("floats, " + s.Name, made.Floats, inputs, s)),
            .. setups.Select(s => BenchWorkloads.OfSession("bytes, " + s.Name, made.Bytes, inputs, s)),
        ];
        Samples samples = Interleaved.Measure(candidates, options.Settings);
        string floats = Best(samples, "floats, "), bytes = Best(samples, "bytes, ");
        Interval ratio = samples.Ratio(floats, bytes);
        StatedError search = made.Report.Search, heldOut = made.Report.HeldOut;
        string measured = string.Create(CultureInfo.InvariantCulture,
            $"{ratio.AsRatio()} ({samples.Median(floats) / 1e6:0.00} and {samples.Median(bytes) / 1e6:0.00} ms); error {heldOut.Worst:0.####}; {made.Report.Form}; {made.Report.Operators.Count(static o => o.WhyNot is null)} of {made.Report.Operators.Count} operators");
        return
        [
            Line.Of(what, aim, measured, ratio.Gains(target), samples),
            Line.Of($"error on unseen inputs over the one it was chosen with: {model.Name} {dims}", string.Create(CultureInfo.InvariantCulture, $"<= {Unseen}x"),
                string.Create(CultureInfo.InvariantCulture, $"{heldOut.Worst / search.Worst:0.00}x"), heldOut.Worst <= Unseen * search.Worst, made.Report),
        ];
    }

    private static string Best(Samples samples, string prefix) => samples.Blocks.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).MinBy(samples.Median)!;
}
