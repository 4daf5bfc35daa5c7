using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Rewriting;

namespace Cleave.Benchmarks.Precision;

/// <summary>Whatever model it is given, <c>cleave quantize</c> writes none that is slower. What it writes is measured again here, against the best set-up of floats; of what it leaves alone the reason is shown.</summary>
internal sealed class LeftAlone : IFamily
{
    private const double Least = 0.97;

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        foreach (CatalogModel model in ModelCatalog.All.Where(m => options.Has(m.Name) && !m.HasConstantWeights && (!options.Quick || !m.IsBig)))
            yield return Attempt.At("gain of what cleave quantize writes: " + model.Name, () => Measure(model, options));
    }

    public Tool.Measuring.IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static Line Measure(CatalogModel model, Harness.BenchOptions options)
    {
        string what = "gain of what cleave quantize writes: " + model.Name, aim = string.Create(CultureInfo.InvariantCulture, $">= {Least}x, or left alone");
        try
        {
            Tool.Benching.BenchOptions inputs = Contest.Inputs(model);
            // The classifiers take pictures, so that their convolutions are tried, too.
            string dims = model.Name.StartsWith("light_", StringComparison.Ordinal) ? "" : string.Join(',', inputs.Dims.Select(static d => $"{d.Key}={d.Value}"));
            PrecisionCase made = PrecisionCase.Make(model, dims, QuantizeRun.LeastGain);
            if (made.Report.LeftAlone is { } alone)
                return Line.LeftAlone(what, aim, alone, made.Report);
            BestSetups best = BestSetups.Measure(made, inputs, options);
            return Line.Of(what, aim, string.Create(CultureInfo.InvariantCulture, $"{best.Text}; error {made.Report.HeldOut.Worst:0.####}"), best.Ratio.High >= Least, new { best.Samples, made.Report });
        }
        catch (RewriteException e) when (e.IsAnswer)
        {
            return Line.LeftAlone(what, aim, e.Message, e.Message);
        }
        catch (Exception e) when (e is RewriteException or RefusedException)
        {
            return Line.NotMeasured(what, aim, e.Message);
        }
    }
}
