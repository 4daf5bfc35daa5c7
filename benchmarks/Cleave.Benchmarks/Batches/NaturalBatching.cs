using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;

namespace Cleave.Benchmarks.Batches;

/// <summary>
/// Requests of one sample that wait at the same time, run together or, as without batching, each by itself on a core of its own. Nothing is configured
/// but, for the latter, <c>Batching = Off</c>.
/// </summary>
internal sealed class NaturalBatching : IFamily
{
    private const string Together = "together";
    private const string Alone = "alone";
    private const string Task = "RunAsync";
    private const string Thread = "Run";

    private static readonly (string Model, string Words, string[] Dims)[] Models =
        [("mlp_8x512", "MLP 8x512", ["batch=1"]), ("bert_4x384", "BERT-like 4x384, 8 tokens", ["batch=1", "sequence=8"])];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        (string Model, string Words, string[] Dims) perceptron = Models[0], encoder = Models[1];
        if (options.Has(perceptron.Model))
        {
            yield return Throughput(options, perceptron, 64, 3);
            yield return Throughput(options, perceptron, 4, 1.15);
            yield return Lone(options, perceptron, Task);
            yield return Lone(options, perceptron, Thread);
        }
        if (options.Has(encoder.Model))
            yield return Throughput(options, encoder, 64, 1.6);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != "natural-batching")
            return null;
        RunnerOptions options = new() { Batching = arguments[0] == Together ? BatchingOptions.Auto : BatchingOptions.Off };
        (Func<LooseRunner> create, RequestInputs inputs) = BenchWorkloads.Planned(arguments[3..], options);
        LooseRunner runner = create();
        if (arguments[1] == Task)
            return new AsyncClients(runner, inputs, int.Parse(arguments[2], CultureInfo.InvariantCulture));
        LooseRequest request = runner.NewRequest(inputs);
        return new Callers([() => runner.Run(request).Dispose()], runner);
    }

    private static Line Throughput(BenchOptions options, (string Model, string Words, string[] Dims) model, int clients, double target)
    {
        MeasureSettings settings = options.Settings with { LeastCalls = clients * 20, MostCalls = clients * 200, LeastTime = TimeSpan.FromMilliseconds(options.Quick ? 0 : 200), Rounds = options.Rounds(12) };
        Samples samples = Interleaved.Measure(Candidates(model.Model, model.Dims, Task, clients), settings);
        Interval gain = Statistics.MedianInterval(PerSecond(samples, Together, clients).Zip(PerSecond(samples, Alone, clients), (a, b) => a / b));
        return Line.Of(
            string.Create(CultureInfo.InvariantCulture, $"natural batching, {clients} clients, against each request alone: {model.Words}, throughput"),
            string.Create(CultureInfo.InvariantCulture, $">= {target}x"),
            string.Create(CultureInfo.InvariantCulture,
                $"{gain.AsRatio()} ({Statistics.Median(PerSecond(samples, Together, clients)):0} and {Statistics.Median(PerSecond(samples, Alone, clients)):0} requests a second)"),
            gain.Gains(target), samples);
    }

    // Medians of the blocks: p50.
    private static Line Lone(BenchOptions options, (string Model, string Words, string[] Dims) model, string way)
    {
        (Samples samples, Interval ratio, bool holds) = Claims.NoLoss(
            () => Interleaved.Measure(Candidates(model.Model, model.Dims, way, 1), options.Settings with { LeastCalls = options.Quick ? 3 : 1000 }),
            s => s.Ratio(Together, Alone), limit: 1.03);
        return Line.Of($"natural batching, 1 client ({way}), against batching off: {model.Words}, p50", "<= 1.03x", ratio.AsRatio(), holds, samples);
    }

    private static Candidate[] Candidates(string model, string[] dims, string way, int clients)
    {
        string path = ModelCatalog.Get(model).Write(ModelCatalog.Folder);
        return [.. new[] { Together, Alone }.Select(candidate => new Candidate(
            candidate, "natural-batching", [candidate, way, clients.ToString(CultureInfo.InvariantCulture), path, .. dims.Select(d => "d" + d)]) { Callers = clients, IsJudged = candidate == Together })];
    }

    private static double[] PerSecond(Samples samples, string candidate, int clients) =>
        [.. samples.Blocks[candidate].Select(b => clients / (b.Nanoseconds.Average() / 1e9))];
}
