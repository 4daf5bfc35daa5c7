using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Verification;

namespace Cleave.Benchmarks.Precision;

/// <summary>Whatever model it is given, <c>cleave quantize</c> writes none that is slower: it leaves alone, or refuses.</summary>
internal sealed class LeftAlone : IFamily
{
    private const double Least = 0.97;

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        foreach (CatalogModel model in ModelCatalog.All.Where(m => options.Has(m.Name) && !m.HasConstantWeights && (!options.Quick || !m.IsBig)))
            yield return Measure(model);
    }

    public Tool.Measuring.IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static Line Measure(CatalogModel model)
    {
        string what = "gain of what cleave quantize writes, or why nothing: " + model.Name, aim = string.Create(CultureInfo.InvariantCulture, $">= {Least}x");
        try
        {
            Tool.Benching.BenchOptions inputs = Contest.Inputs(model);
            QuantizeReport report = PrecisionCase.Make(model, string.Join(',', inputs.Dims.Select(static d => $"{d.Key}={d.Value}")), QuantizeRun.LeastGain).Report;
            string measured = report.LeftAlone ?? string.Create(CultureInfo.InvariantCulture, $"{report.Gain!.Ratio.AsRatio()}; error {report.HeldOut.Worst:0.####}");
            return Line.Of(what, aim, measured, report.LeftAlone != null || report.Gain!.Ratio.Median >= Least, report);
        }
        catch (Exception e) when (e is RewriteException or VerifyException)
        {
            return Line.Shown(what, "refused: " + e.Message, e.Message);
        }
    }
}
