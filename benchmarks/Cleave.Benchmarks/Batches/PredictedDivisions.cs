using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Batching;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Batches;

/// <summary>For sixteen cores: what the cost model says of divided batches against one session with all of them. Nothing is measured.</summary>
internal sealed class PredictedDivisions : IFamily
{
    private const int Cores = 16;

    private static readonly int[] Threads = [1, 2, 4, 8, 16];
    private static readonly int[] Batches = [8, 16, 32, 64, 128, 256];
    private static readonly (string Model, string Sizes)[] Models = [("bert_4x384", "sequence=128"), ("bert_6x768", "sequence=128"), ("inception_v3", ""), ("mlp_8x512", "")];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach ((string name, string sizes) in Models.Where(m => options.Has(m.Model)))
        {
            using ModelUnderTest model = new(ModelCatalog.Get(name).Write(ModelCatalog.Folder));
            Dictionary<string, long> dims = PlanDimensions.Of(model.Graph, PlanDimensions.Parse(sizes)).ToDictionary(d => d.Key, d => d.Value, StringComparer.Ordinal);
            CostModel cost = new(DeviceTables.Baked);
            InstanceTime[] table = [.. Powers(Batches[^1]).SelectMany(batch => Times(model, dims, cost, batch))];
            (int Batch, InstancePlan Plan, double Fat)[] plans = [.. Batches.Select(b => (b, InstancePlanner.Plan(table, new InstanceRequest(Cores, b))!, Fat(table, b)))];
            yield return Line.Shown(
                string.Create(CultureInfo.InvariantCulture, $"prediction, not measured: {name} {sizes}, {Cores} cores, batches of {string.Join(", ", Batches)} divided, against one session of {Cores} threads").Replace("  ", " "),
                string.Create(CultureInfo.InvariantCulture, $"{plans.Average(p => p.Fat / p.Plan.Time):0.00}x on average: ")
                    + string.Join(", ", plans.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Fat / p.Plan.Time:0.00}x {p.Plan}"))),
                plans.Select(p => new { p.Batch, Plan = p.Plan.ToString(), Divided = p.Plan.Time, p.Fat }).ToArray());
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static IEnumerable<InstanceTime> Times(ModelUnderTest model, Dictionary<string, long> dims, CostModel cost, int batch)
    {
        dims["batch"] = batch;
        GraphCost graph = new(new SizedGraph(model.Graph, dims), cost);
        return [.. Threads.Select(t => new InstanceTime(t, batch, graph.Whole(t)))];
    }

    private static double Fat(InstanceTime[] table, int batch) => table.First(e => e.Threads == Cores && e.Batch == batch).Time;

    private static IEnumerable<int> Powers(int most)
    {
        for (int power = 1; power <= most; power *= 2)
            yield return power;
    }
}
