using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;
using ModelInputs = Cleave.Tool.Benching.ModelInputs;

namespace Cleave.Benchmarks.Batches;

/// <summary>
/// How long requests of 64 clients wait to run together. Little's law checks the clock: as many wait on average as come in a second, times the seconds that each waits;
/// how many wait is looked up from outside.
/// </summary>
internal sealed class QueueTimes : IFamily
{
    private const string Model = "mlp_8x512";
    private const int Clients = 64;
    private const double Agreement = 0.1;
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(5);

    public IEnumerable<Line> Measure(BenchOptions options) => options.Has(Model) ? [Waiting(options).GetAwaiter().GetResult(), Delayed(options).GetAwaiter().GetResult()] : [];

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static async Task<Line> Waiting(BenchOptions options)
    {
        await using LooseRunner runner = Create(BatchingOptions.Auto, out LooseRequest request);
        (LoadAnswer[] answers, double seconds, double length) = await Load(runner, request, options);
        (TimeSpan wait, TimeSpan batch) = Means(runner);
        double ratio = wait / batch, expected = answers.Length / seconds * wait.TotalSeconds;
        return Line.Of(
            string.Create(CultureInfo.InvariantCulture, $"natural batching, {Clients} clients: mean waiting time in the queue against the mean time of a batch; Little's law: MLP 8x512"),
            string.Create(CultureInfo.InvariantCulture, $"<= 1.1x; within {Agreement:P0}"),
            string.Create(CultureInfo.InvariantCulture,
                $"{ratio:0.00}x ({wait.TotalMilliseconds:0.00} and {batch.TotalMilliseconds:0.00} ms); {length:0.0} wait, {expected:0.0} expected"),
            ratio <= 1.1 && Math.Abs((length / expected) - 1) <= Agreement, new { seconds, length, expected, Milliseconds = answers.Select(a => a.Milliseconds).ToArray() });
    }

    private static async Task<Line> Delayed(BenchOptions options)
    {
        await using LooseRunner runner = Create(BatchingOptions.Auto with { Delay = Delay }, out LooseRequest request);
        (LoadAnswer[] answers, _, _) = await Load(runner, request, options);
        double batch = Means(runner).Batch.TotalMilliseconds, limit = Delay.TotalMilliseconds + (2 * batch), p99 = UnderLoad.Percentile99(answers);
        return Line.Of(
            string.Create(CultureInfo.InvariantCulture, $"batching with a delay of {Delay.TotalMilliseconds:0} ms, {Clients} clients: p99: MLP 8x512"),
            "<= delay + 2 x batch time", string.Create(CultureInfo.InvariantCulture, $"{p99:0.0} ms, of at most {limit:0.0} (a batch takes {batch:0.00} ms)"),
            p99 <= limit, answers.Select(a => a.Milliseconds).ToArray());
    }

    private static LooseRunner Create(BatchingOptions batching, out LooseRequest request)
    {
        (Func<LooseRunner> create, ModelInputs inputs) = BenchWorkloads.Planned([ModelCatalog.Get(Model).Write(ModelCatalog.Folder), "dbatch=1"], new RunnerOptions { Batching = batching });
        LooseRunner runner = create();
        request = runner.NewRequest(inputs);
        return runner;
    }

    // The answers, how long that took, and how many requests waited on average, looked up every now and then.
    private static async Task<(LoadAnswer[] Answers, double Seconds, double Length)> Load(LooseRunner runner, LooseRequest request, BenchOptions options)
    {
        UnderLoad load = new(runner, Clients) { Request = request };
        await load.During(() => Task.Delay(TimeSpan.FromSeconds(options.Quick ? 0.2 : 2)));
        Stopwatch watch = Stopwatch.StartNew();
        using CancellationTokenSource over = new();
        Task<double> length = Task.Factory.StartNew(() => MeanLength(runner, over.Token), TaskCreationOptions.LongRunning);
        LoadAnswer[] answers = await load.During(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(options.Quick ? 0.2 : 5));
            await over.CancelAsync();
        });
        return (answers, watch.Elapsed.TotalSeconds, await length);
    }

    private static double MeanLength(LooseRunner runner, CancellationToken over)
    {
        List<int> lengths = [];
        do
            lengths.Add(runner.Engine.Queue!.Waiting);
        while (!over.WaitHandle.WaitOne(1));
        return lengths.Average();
    }

    private static (TimeSpan Wait, TimeSpan Batch) Means(LooseRunner runner) => (runner.Engine.Batches!.Counts.MeanWait, runner.Engine.Batches.Counts.MeanRun);
}
