using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Onnx;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Ledger;

/// <summary>Memory of a runner with nothing configured against one session of ONNX Runtime, and of four callers against one.</summary>
internal sealed class RunnerMemory : IFamily
{
    private const long LeastWeights = 20_000_000;
    private const int Runs = 100;
    private const int Processes = 5;
    private const int Callers = 4;
    private const double Usual = 1.15;
    private const double OfGain = 2.2;
    private const string Instances = "bert_6x768";

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (options.Has(Instances))
            yield return SeveralCallers(options);
        foreach (CatalogModel model in ModelCatalog.All.Where(m => options.Has(m.Name) && !m.HasConstantWeights))
        {
            string[] arguments = PlannedRunner.Arguments(model.Name);
            if (ModelReader.ReadFile(arguments[0]).Graph.Initializers.Sum(i => i.ByteSize) < LeastWeights)
                continue;
            (_, double plain) = HeldMemory.Median(options.Rounds(Processes), "runner-session", arguments);
            (_, double ours) = HeldMemory.Median(options.Rounds(Processes), "runner-memory", ["0", .. arguments]);
            // More only where a gain is shown that pays for it.
            Interval? gain = ours > Usual * plain ? Gain(model, arguments[0], options) : null;
            double limit = gain?.Low > 1 ? OfGain : Usual;
            yield return Line.Of($"private memory after {Runs} runs, nothing configured, one client, against one session: {model.Name}",
                string.Create(CultureInfo.InvariantCulture, $"<= {Usual}x, {OfGain}x where it is faster than the best set-up"),
                string.Create(CultureInfo.InvariantCulture, $"{ours / plain:0.00}x ({ours / 1e6:0} and {plain / 1e6:0} MB){(gain is { } g ? ", " + g.AsRatio() + " as fast" : "")}"), ours <= limit * plain, new { ours, plain, gain });
        }
    }

    private static Interval Gain(CatalogModel model, string path, BenchOptions options)
    {
        Samples samples = Interleaved.Measure([.. Contest.Candidates(model, path)], options.Settings);
        return samples.Ratio(Contest.Best(samples), Contest.Ours);
    }

    private static Line SeveralCallers(BenchOptions options)
    {
        string[] bert = PlannedRunner.Arguments(Instances);
        (double one, _) = HeldMemory.Median(options.Rounds(Processes), "runner-memory", ["1", .. bert]);
        (double four, _) = HeldMemory.Median(options.Rounds(Processes), "runner-memory", ["4", .. bert]);
        return Line.Of($"resident memory of {Callers} callers of one session (Hint = Throughput) against one caller: {Instances}", "<= 1.1x",
            string.Create(CultureInfo.InvariantCulture, $"{four / one:0.00}x ({four / 1e6:0} and {one / 1e6:0} MB)"), four <= 1.1 * one, new[] { four, one });
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => name switch
    {
        "runner-memory" => Runner(int.Parse(arguments[0], CultureInfo.InvariantCulture), arguments[1..]),
        "runner-session" => HeldMemory.OfSession(Runs, Contest.Cores, arguments),
        _ => null,
    };

    // With 0 callers: one, and nothing is configured.
    private static HeldMemory Runner(int callers, string[] arguments)
    {
        Func<PlannedRunner> make = PlannedRunner.Of(arguments, new RunnerOptions { Hint = callers == 0 ? RunnerHint.Latency : RunnerHint.Throughput });
        return new HeldMemory(1, () =>
        {
            PlannedRunner runner = make();
            return (() => runner.Run(Math.Max(1, callers), Runs / Math.Max(1, callers)), runner);
        });
    }
}
