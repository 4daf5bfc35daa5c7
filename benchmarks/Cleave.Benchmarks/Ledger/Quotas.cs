using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;

namespace Cleave.Benchmarks.Ledger;

/// <summary>
/// The service in a container with half a core to two: a control group where one can be made, else whole cores by affinity. The best static
/// set-up is one for each quota.
/// </summary>
internal sealed class Quotas : IFamily
{
    private const string Target = ">= 0.95x";
    private const double Kept = 0.95;
    private const int Clients = 4;
    private static readonly double[] Cores = [0.5, 1, 1.5, 2];

    public IEnumerable<Line> Measure(BenchOptions options) => Cores.Select(c => Measure(c, options));

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != "quota")
            return null;
        if (arguments[0].StartsWith('/'))
            QuotaGroup.Enter(arguments[0]);
        else
            QuotaGroup.Keep(int.Parse(arguments[0], CultureInfo.InvariantCulture));
        return Service.CreateWorkload(arguments[1], arguments[2..]);
    }

    private static Line Measure(double cores, BenchOptions options)
    {
        string what = string.Create(CultureInfo.InvariantCulture, $"service of three models, {Clients} clients, {cores} cores by quota: throughput against the best static set-up");
        if (!TestKit.SharedModels.Exist)
            return Line.NotMeasured(what, Target, "the shared models are absent");
        if (cores > BenchRun.Cores)
            return Line.NotMeasured(what, Target, "there are fewer cores");
        string? group = QuotaGroup.Make(cores);
        if (group is null && cores % 1 != 0)
            return Line.NotMeasured(what, Target, "no control group can be made here, and affinity knows whole cores only");
        string where = group ?? ((int)cores).ToString(CultureInfo.InvariantCulture);
        try
        {
            Candidate[] candidates = [.. Service.Candidates(Clients).Where(c => c.Name != Service.Defaults).Select(c => c with { Workload = "quota", Arguments = [where, c.Workload, .. c.Arguments] })];
            (Samples samples, _, bool holds) = Claims.NoLoss(
                () => Interleaved.Measure(candidates, options.Settings with { LeastCalls = 24, Rounds = options.Rounds(16) }), s => Service.Ratio(s, Service.Best(s, Clients), Service.Ours, Clients), 1 / Kept);
            string best = Service.Best(samples, Clients);
            Interval ratio = Service.Ratio(samples, Service.Ours, best, Clients);
            return Line.Of(what + (group is null ? " (by affinity)" : ""), Target, string.Create(CultureInfo.InvariantCulture,
                $"{ratio.AsRatio()} of {best} ({Statistics.Median(Service.Throughput(samples, Service.Ours, Clients)):0} and {Statistics.Median(Service.Throughput(samples, best, Clients)):0} requests a second)"),
                holds, samples);
        }
        finally
        {
            if (group != null)
                QuotaGroup.Remove(group);
        }
    }
}
