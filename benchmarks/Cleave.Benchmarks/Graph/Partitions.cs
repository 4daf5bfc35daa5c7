using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;
using Cleave.Tool.Output;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;

namespace Cleave.Benchmarks.Graph;

/// <summary>Random convex partitions of all models at hand against the whole: 20 over fusion groups, 20 over nodes.</summary>
internal sealed class Partitions : IFamily
{
    public IEnumerable<Line> Measure(BenchOptions options)
    {
        List<(CatalogModel Model, VerifyReport Report)> all = [];
        // Large ones with weights that are all alike take minutes each and prove less than their twins with random ones.
        foreach (CatalogModel catalog in CatalogOptions.Models(options).Where(static m => !m.IsBig || !m.HasConstantWeights))
        {
            using ModelUnderTest model = new(catalog.Write(ModelCatalog.Folder));
            VerifyOptions wanted = CatalogOptions.For(catalog) with { Partitions = CatalogOptions.Partitions(options), Audit = false };
            all.Add((catalog, new Verifier(model, wanted, static (_, _) => { }, default).Run()));
            yield return CatalogOptions.Verified("random convex partitions", catalog, all[^1].Report);
        }
        yield return Bits(all);
        yield return Optimised(all, "floats of 32 bits, integers", "1e-5 of the range", [Arithmetic.Float32, Arithmetic.Integer]);
        yield return Optimised(all, "floats of 16 bits (rounded at the same values)", "1e-3 of the range, or twice its own", [Arithmetic.Float16]);
        yield return Optimised(all, "quantised models", "twice the whole model's own", [Arithmetic.Quantised]);
        yield return Batches(all);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static Line Bits(List<(CatalogModel Model, VerifyReport Report)> all)
    {
        string[] wrong = [.. all.Where(a => a.Report.Failures.Any(f => !f.Optimised) || !a.Report.Outputs.All(o => o.Unoptimised.SameBits)).Select(a => a.Model.Name)];
        return Line.Of("random convex partitions, nothing optimised, against the whole sliced as one", "bit-identical",
            string.Create(CultureInfo.InvariantCulture, $"{all.Count - wrong.Length} of {all.Count} models ({all.Sum(a => a.Report.Partitions.Count - 1)} partitions, {all.Sum(a => a.Report.Segments)} segments, {all.Sum(a => a.Report.CutValues)} cut values){Named(wrong)}"),
            wrong.Length == 0 && all.Any(a => a.Report.Segments > 0), all.Select(a => JsonSerializer.SerializeToElement(a.Report, JsonReport.Default.VerifyReport)).ToArray());
    }

    private static Line Optimised(List<(CatalogModel Model, VerifyReport Report)> all, string what, string target, Arithmetic[] arithmetic)
    {
        string line = $"random convex partitions, all optimisations, {what}";
        (CatalogModel Model, VerifyReport Report)[] asked = [.. all.Where(a => arithmetic.Contains(a.Model.Arithmetic))];
        if (asked.Length == 0)
            return Line.NotMeasured(line, target, "no such model is asked for");
        var worst = asked.SelectMany(a => a.Report.Outputs.Select(o => (a.Model.Name, Apart: o.Groups.Or(o.Nodes), o.Own))).OrderByDescending(w => w.Apart.OfRange).ToArray();
        string[] wrong = [.. asked.Where(a => a.Report.Failures.Any(f => f.Optimised && f.Kind != "batch")).Select(a => a.Model.Name)];
        return Line.Of(line, target,
            string.Create(CultureInfo.InvariantCulture, $"{asked.Length - wrong.Length} of {asked.Length} models; at most {string.Join(", then ", worst.Take(2).Select(w => $"{w.Apart.Apart()} ({w.Name}, itself {w.Own.Apart()})"))}{Named(wrong)}"),
            wrong.Length == 0, worst.Select(w => new { w.Name, OfRange = w.Apart.OfRange.ToString("g3", CultureInfo.InvariantCulture) }).ToArray());
    }

    private static Line Batches(List<(CatalogModel Model, VerifyReport Report)> all)
    {
        const string What = "three samples together against one by one, where a batch axis is proven";
        (CatalogModel Model, VerifyReport Report)[] asked = [.. all.Where(a => a.Report.Batch is { Samples: > 0 })];
        if (asked.Length == 0)
            return Line.NotMeasured(What, "equal", "no model that is asked for has one");
        string[] wrong = [.. asked.Where(a => a.Report.Failures.Any(f => f.Kind == "batch")).Select(a => a.Model.Name)];
        return Line.Of(What, "equal",
            string.Create(CultureInfo.InvariantCulture, $"{asked.Length - wrong.Length} of {asked.Length} models{Named(wrong)}"), wrong.Length == 0, asked.Select(a => a.Model.Name).ToArray());
    }

    private static string Named(string[] wrong) => wrong.Length == 0 ? "" : "; not " + string.Join(", ", wrong);
}
