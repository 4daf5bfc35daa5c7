using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Rewriting;

namespace Cleave.Benchmarks.Precision;

/// <summary>What <c>cleave quantize</c> writes against the model of floats, each in the fastest of all set-ups of ONNX Runtime. One size alone: <c>--models bert_4x384/32</c>.</summary>
internal sealed class QuantizedSpeed : IFamily
{
    private static readonly Kind[] Kinds =
    [
        new("transformers", 2.3, 2.6, [new("bert_4x384", 4), new("bert_4x384", 32), new("bert_4x384", 128), new("bert_6x768", 4), new("bert_6x768", 32), new("bert_6x768", 128)]),
        new("image classifiers", 1.6, 2, [new("light_squeezenet_random"), new("light_densenet121_random"), new("light_inception_v2_random"), new("light_resnet50_random")]),
    ];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach (Kind kind in Kinds)
        {
            List<double> gains = [];
            foreach (Case one in kind.Cases.Where(c => options.Has(c.Name)))
            {
                foreach (Line line in Attempt.At($"floats against 8 bits: {one.Model} {one.Dims}", () => Measure(one, kind.Least, options, gains.Add)))
                    yield return line;
            }
            // A mean of some is no mean of all.
            if (gains.Count == kind.Cases.Length)
            {
                yield return Line.Of($"the mean of the {gains.Count} {kind.Name}", string.Create(CultureInfo.InvariantCulture, $">= {kind.Mean}x"),
                    string.Create(CultureInfo.InvariantCulture, $"{gains.Average():0.00}x"), gains.Average() >= kind.Mean, gains);
            }
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static IEnumerable<Line> Measure(Case one, double target, BenchOptions options, Action<double> gained)
    {
        string what = $"time of a run of floats over that of 8 bits, error up to {PrecisionCase.MaxError.ToString(CultureInfo.InvariantCulture)}: {one.Model} {one.Dims}";
        string aim = string.Create(CultureInfo.InvariantCulture, $">= {target}x");
        if (ModelCatalog.All.FirstOrDefault(m => m.Name == one.Model) is not { } model)
            return [Line.NotMeasured(what, aim, "the model is absent")];
        PrecisionCase made;
        try
        {
            made = PrecisionCase.Make(model, one.Dims, leastGain: null);
        }
        catch (RewriteException e)
        {
            return [Line.Of(what, aim, e.Message, held: false, e.Message)];
        }
        Tool.Benching.BenchOptions inputs = Contest.Inputs(model);
        if (one.Dims.Length > 0)
            inputs = inputs with { Dims = one.Dims.Split(',').Select(static d => d.Split('=')).ToDictionary(static d => d[0], static d => d[1], StringComparer.Ordinal) };
        BestSetups best = BestSetups.Measure(made, inputs, options);
        gained(best.Ratio.Median);
        QuantizeReport report = made.Report;
        string measured = string.Create(CultureInfo.InvariantCulture,
            $"{best.Text}; error {report.HeldOut.Worst:0.####}; {report.Form}; {report.Operators.Count(static o => o.WhyNot is null)} of {report.Operators.Count} operators");
        return [Line.Of(what, aim, measured, best.Ratio.Gains(target), best.Samples), UnseenInputs.Measure(model, one.Dims, made)];
    }

    /// <param name="Name">Of all of them.</param>
    /// <param name="Least">The gain of each.</param>
    /// <param name="Mean">And of all in the mean.</param>
    /// <param name="Cases">What is measured.</param>
    private sealed record Kind(string Name, double Least, double Mean, Case[] Cases);

    /// <param name="Model">In the catalog.</param>
    /// <param name="Sequence">How many tokens; 0: it takes pictures.</param>
    private sealed record Case(string Model, int Sequence = 0)
    {
        public string Name => Sequence == 0 ? Model : string.Create(CultureInfo.InvariantCulture, $"{Model}/{Sequence}");

        public string Dims => Sequence == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"batch=1,sequence={Sequence}");
    }
}
