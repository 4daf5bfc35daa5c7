using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Passes.Partitions;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;

namespace Cleave.Benchmarks.Graph;

/// <summary>The fusion audit: partitions between groups lose no fused operator, a cut through one is reported.</summary>
internal sealed class LostFusions : IFamily
{
    public IEnumerable<Line> Measure(BenchOptions options)
    {
        List<(string Model, ulong Seed, LostFusion Fusion)> lost = [];
        int models = 0, partitions = 0;
        foreach (CatalogModel catalog in CatalogOptions.Models(options).Where(m => !m.HasConstantWeights))
        {
            using ModelUnderTest model = new(catalog.Write(ModelCatalog.Folder));
            PartitionCheck check = new(model, 1, []);
            Quotient units = CutUnits.OfGroups(model.Graph);
            Partition[] distinct = [.. Enumerable.Range(1, CatalogOptions.Partitions(options)).Select(seed => RandomPartition.Make(model.Graph, units, (ulong)seed))
                .Where(p => p.Segments.Count > 1).DistinctBy(p => string.Join("|", p.Segments.Select(s => string.Join(",", s.Nodes))))];
            models += distinct.Length > 0 ? 1 : 0;
            partitions += distinct.Length;
            for (int i = 0; i < distinct.Length; i++)
                lost.AddRange(check.Audit(distinct[i]).Select(f => (catalog.Name, (ulong)(i + 1), f)));
        }
        string[] names = [.. lost.Select(l => l.Model).Distinct()];
        yield return Line.Of("fusion audit, random partitions between fusion groups", "no fused operator lost",
            string.Create(CultureInfo.InvariantCulture, $"{models - names.Length} of {models} models, {partitions} partitions{(names.Length == 0 ? "" : "; lost in " + string.Join(", ", names))}"),
            lost.Count == 0 && partitions > 0, lost.Select(l => new { l.Model, l.Seed, l.Fusion }).ToArray());
        yield return CutThroughAFusion();
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static Line CutThroughAFusion()
    {
        using ModelUnderTest model = new(ModelCatalog.Get("residual").Write(ModelCatalog.Folder));
        int add = model.Graph.Nodes.TakeWhile(n => n.OpType != "Add").Count();
        int[] parts = [.. model.Graph.GroupOf.Select((group, node) => group < 0 ? -1 : node < add ? 0 : 1)];
        IReadOnlyList<LostFusion> found = new PartitionCheck(model, 1, []).Audit(PartitionBuilder.Build(model.Graph, parts));
        LostFusion? sum = found.FirstOrDefault(f => f is { Level: "ALL", Operator: "Add" } && f.Split > f.Whole);
        return Line.Of("fusion audit, a cut through Conv+Add+Relu", "reported",
            sum is null ? "not reported" : $"Add {sum.Split} times instead of {sum.Whole} at ALL, cut at {string.Join(", ", sum.Cuts)}",
            sum != null && sum.Cuts.Contains(model.Graph.Nodes[add].Inputs[0]), found);
    }
}
