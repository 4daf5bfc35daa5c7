using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Batching;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Batches;

/// <summary>The dynamic program that divides a batch, at its largest: every thread count up to 64, powers of two up to 1024 samples.</summary>
internal sealed class InstanceSearch : IFamily
{
    private const string Workload = "instance-search";
    private const int Cores = 64;
    private const int Batch = 1024;

    public IEnumerable<Line> Measure(BenchOptions options) =>
    [
        FirstRun.Measure("dynamic program, T = 64, B = 1024", longest: 50, options, Workload),
    ];

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != Workload)
            return null;
        InstanceTime[] table = [.. Table()];
        return new Repeated(() => Search(table), group: 1);
    }

    // A batch costs something by itself, and a tenth of the work is not shared among threads.
    private static IEnumerable<InstanceTime> Table() =>
        from threads in Enumerable.Range(1, Cores)
        from power in Enumerable.Range(0, 11)
        select new InstanceTime(threads, 1 << power, 5 + ((1 << power) * (0.1 + (0.9 / threads))));

    private static void Search(InstanceTime[] table)
    {
        if (InstancePlanner.Plan(table, new InstanceRequest(Cores, Batch)) is not { Instances: > 1 })
            throw new InvalidDataException("The batch was not divided.");
    }
}
