using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using Cleave.Benchmarks.Graph;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Clustering;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;
using Cleave.Tool.Output;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;

namespace Cleave.Benchmarks.Clusters;

/// <summary>Every plan with <c>Plan="Split"</c> for 2 to 64 cores of all models at hand against the whole model, as <c>cleave verify --plan split</c> compares them.</summary>
internal sealed class ForcedSplits : IFamily
{
    public IEnumerable<Line> Measure(BenchOptions options)
    {
        List<(string Model, VerifyReport Report)> all = [];
        foreach (CatalogModel catalog in CatalogOptions.Models(options).Where(m => !m.HasConstantWeights))
        {
            using ModelUnderTest model = new(catalog.Write(ModelCatalog.Folder));
            VerifyOptions wanted = CatalogOptions.For(catalog) with { Partitions = 0, Plan = PlanMode.Split };
            all.Add((catalog.Name, new Verifier(model, wanted, static (_, _) => { }, default).Run()));
            yield return CatalogOptions.Verified("forced splits", catalog, all[^1].Report);
        }
        (string Model, VerifyReport Report)[] split = [.. all.Where(a => Plans(a.Report) > 0)];
        string[] wrong = [.. split.Where(a => a.Report.Failures.Any(f => f.Kind == "plan")).Select(a => a.Model)];
        string[] lost = [.. split.Where(a => a.Report.Partitions.Any(p => p.Lost is { Count: > 0 })).Select(a => a.Model)];
        JsonElement[] samples = [.. all.Select(a => JsonSerializer.SerializeToElement(a.Report, JsonReport.Default.VerifyReport))];
        string plans = string.Create(CultureInfo.InvariantCulture, $"{split.Sum(a => Plans(a.Report))} plans, {split.Sum(a => a.Report.CutValues)} cut values");
        yield return Line.Of("forced splits for 2 to 64 cores against the whole model", "equal as in verify",
            string.Create(CultureInfo.InvariantCulture, $"{split.Length - wrong.Length} of {split.Length} models ({plans}){Named(wrong)}"), wrong.Length == 0 && split.Length > 0, samples);
        yield return Line.Of("fusion audit of the forced splits", "no fused operator lost",
            string.Create(CultureInfo.InvariantCulture, $"{split.Length - lost.Length} of {split.Length} models{Named(lost)}"), lost.Length == 0 && split.Length > 0, lost);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static int Plans(VerifyReport report) => report.Partitions.Count(p => p.Kind == "plan");

    private static string Named(string[] models) => models.Length == 0 ? "" : "; not " + string.Join(", ", models);
}
