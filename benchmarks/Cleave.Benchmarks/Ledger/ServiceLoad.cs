using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Ledger;

/// <summary>
/// The service under 1, 2, 4 and 8 clients, nothing configured: against ONNX Runtime's defaults, and against the best static set-up at each point.
/// </summary>
internal sealed class ServiceLoad : IFamily
{
    private const string What = "service of three models";
    private const double Kept = 0.95;
    private static readonly (int Clients, double Gain)[] Points = [(1, 1.5), (2, 1.8), (4, 1.5), (8, 1.25)];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (!SharedModels.Exist)
        {
            yield return Line.NotMeasured(What, "", "the shared models are absent");
            yield break;
        }
        List<(int, Samples)> samples = [];
        foreach ((int clients, double gain) in Points.Where(p => options.Has(string.Create(CultureInfo.InvariantCulture, $"clients/{p.Clients}"))))
        {
            // What is to lose nothing may lose once, by chance.
            (Samples measured, _, _) = Claims.NoLoss(() => Interleaved.Measure(Candidates(clients), options.Settings), s => Service.Ratio(s, Service.Best(s, clients), Service.Ours, clients), 1 / Kept);
            samples.Add((clients, measured));
            foreach (Line line in Lines(clients, gain, measured))
                yield return line;
        }
        if (samples.Count == Points.Length)
            ServicePlot.Write(samples, Path.Combine(Report.BenchFolder(), "service.svg"));
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => Service.CreateWorkload(name, arguments);

    // What cleaning gives is shown once.
    private static IReadOnlyList<Candidate> Candidates(int clients) =>
        clients == 1 ? [.. Service.Candidates(clients), Service.Published(clients)] : Service.Candidates(clients);

    private static IEnumerable<Line> Lines(int clients, double gain, Samples samples)
    {
        string of = string.Create(CultureInfo.InvariantCulture, $"{What}, {clients} {(clients == 1 ? "client" : "clients")}");
        string best = Service.Best(samples, clients);
        string list = string.Join(", ", samples.Blocks.Keys.Select(k => string.Create(CultureInfo.InvariantCulture, $"{k} {Statistics.Median(Service.Throughput(samples, k, clients)):0}")));
        if (clients == 1)
            yield return Line.Shown(of + ": what cleaning alone gives", Service.Ratio(samples, Service.Defaults, "defaults, as published", clients).AsRatio(), samples);
        Interval defaults = Service.Ratio(samples, Service.Ours, Service.Defaults, clients), statically = Service.Ratio(samples, Service.Ours, best, clients);
        yield return Line.Of(of + ": throughput against the defaults", string.Create(CultureInfo.InvariantCulture, $">= {gain}x"),
            defaults.AsRatio() + " (requests a second: " + list + ")", defaults.Gains(gain), samples);
        yield return Line.Of(of + ": throughput against the best static set-up", ">= 0.95x", statically.AsRatio() + " of " + best, statically.High >= Kept, samples);
        double p99 = samples.Percentile99(Service.Ours) / samples.Percentile99(best);
        yield return Line.Of(of + ": p99 against that set-up", "<= 1.1x", string.Create(CultureInfo.InvariantCulture, $"{p99:0.00}x"), p99 <= 1.1, samples);
        Interval cpu = samples.CpuRatio(Service.Ours, best), ofDefaults = samples.CpuRatio(Service.Ours, Service.Defaults);
        yield return Line.Of(of + ": CPU time a request against that set-up", "<= 1.05x", cpu.AsRatio(), cpu.StaysWithin(1.05), samples);
        yield return Line.Of(of + ": CPU time a request against the defaults", "<= 0.65x", ofDefaults.AsRatio(), ofDefaults.High <= 0.65, samples);
    }
}
