using System;
using System.Diagnostics;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Schedule;
using Cleave.Core.Cost;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.TestKit.Catalog;
using Xunit;
using Xunit.Abstractions;

namespace Cleave.Core.Tests;

public sealed class ProbeTmp(ITestOutputHelper o)
{
    [Fact]
    public void Rows()
    {
        CostModel m = new(DeviceTables.Find("avx2")!);
        string only = Environment.GetEnvironmentVariable("ONLY") ?? "";
        foreach (var entry in ModelCatalog.All.Where(e => e.Name.Contains(only)))
        {
            string path = entry.Write(ModelCatalog.Folder);
            using ByteSource source = ByteSource.OpenFile(path);
            PlanGraph g = PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(source, default)));
            var dims = PlanDimensions.Of(g, new System.Collections.Generic.Dictionary<string, long>());
            SizedGraph sized = new(g, n => dims.TryGetValue(n, out long v) ? v : null);
            Stopwatch w = Stopwatch.StartNew();
            BudgetTable t;
            try { t = Planner.Plan(sized, m, new PlanOptions()); }
            catch (Exception e) { o.WriteLine($"{entry.Name}: FAILED {e}"); continue; }
            o.WriteLine($"{entry.Name}: {w.ElapsedMilliseconds} ms, units {t.Units} paths {t.Paths} clusters {t.Clusters} plans {t.Plans.Count} dims {string.Join(",", dims)}");
            foreach (var r in t.Rows)
                o.WriteLine($"   {r.Cores}: {r.Chosen.Nanoseconds / 1e3:0} us, lanes {r.Chosen.Threads.Length}/{string.Join(",", r.Chosen.Threads)} whole {r.Whole.Nanoseconds / 1e3:0} split {r.Split?.Nanoseconds / 1e3:0} in {r.Split?.Plan.Segments.Count} segs, {string.Join(",", r.Split?.Threads ?? [])} why {r.Why}");
        }
    }
}
