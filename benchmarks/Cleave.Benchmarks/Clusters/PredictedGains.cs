using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Clusters;

/// <summary>For more cores than the machine has: what the simulator says of the plans, against the best session for the whole model. Nothing is measured.</summary>
internal sealed class PredictedGains : IFamily
{
    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach (string name in SplitGain.Models.Where(options.Has))
        {
            CatalogModel catalog = ModelCatalog.Get(name);
            using ModelUnderTest model = new(catalog.Write(ModelCatalog.Folder));
            IReadOnlyDictionary<string, long> dims = PlanDimensions.Of(model.Graph, catalog.Samples[0].Sizes);
            BudgetTable table = Planner.Plan(new SizedGraph(model.Graph, dims), new CostModel(DeviceTables.Baked), new PlanOptions { Cores = [1, 2, 4, 8, 16, 32, 64] });
            BudgetRow[] rows = [.. table.Rows.Where(r => r.Cores > 1)];
            yield return Line.Shown(
                $"prediction, not measured: {name}, the plan for 2, 4, 8, 16, 32, 64 cores against one session and against one thread",
                string.Join(", ", rows.Select(r => string.Create(CultureInfo.InvariantCulture,
                    $"{r.Whole.Nanoseconds / r.Chosen.Nanoseconds:0.00}x/{table.Rows[0].Whole.Nanoseconds / r.Chosen.Nanoseconds:0.0}x"))),
                rows.Select(r => new { r.Cores, Plan = r.Chosen.Nanoseconds, Session = r.Whole.Nanoseconds, r.Why }).ToArray());
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;
}
