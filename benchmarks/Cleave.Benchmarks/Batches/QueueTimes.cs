using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Batching;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;

namespace Cleave.Benchmarks.Batches;

/// <summary>
/// How long requests of 64 clients wait to run together. Little's law checks the clock: as many wait on average as come in a second, times the seconds that each waits;
/// how many wait is looked up from outside.
/// </summary>
internal sealed class QueueTimes : IFamily
{
    private const string Model = "mlp_8x512";
    private const int Clients = 64;
    // A queue that fills and empties within a millisecond is looked up once a millisecond.
    private const double Agreement = 0.2;
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(5);

    public IEnumerable<Line> Measure(BenchOptions options) => options.Has(Model) ? [Waiting(options).GetAwaiter().GetResult(), Delayed(options).GetAwaiter().GetResult()] : [];

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static async Task<Line> Waiting(BenchOptions options)
    {
        await using LooseRunner runner = Create(BatchingOptions.Auto, out LooseRequest request);
        Seen seen = await Load(runner, request, options);
        double ratio = seen.Wait / seen.Batch, expected = seen.Answers.Length / seen.Seconds * seen.Wait.TotalSeconds;
        return Line.Of(
            string.Create(CultureInfo.InvariantCulture, $"natural batching, {Clients} clients: mean waiting time in the queue against the mean time of a batch; Little's law: MLP 8x512"),
            string.Create(CultureInfo.InvariantCulture, $"<= 1.1x; within {Agreement:P0}"),
            string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00}x ({seen.Wait.TotalMilliseconds:0.00} ms; {seen.Words}); {seen.Length:0.0} wait, {expected:0.0} expected"),
            ratio <= 1.1 && Math.Abs((seen.Length / expected) - 1) <= Agreement, new { expected, seen });
    }

    private static async Task<Line> Delayed(BenchOptions options)
    {
        await using LooseRunner runner = Create(BatchingOptions.Auto with { Delay = Delay }, out LooseRequest request);
        Seen seen = await Load(runner, request, options);
        double limit = Delay.TotalMilliseconds + (2 * seen.Batch.TotalMilliseconds), p99 = UnderLoad.Percentile99(seen.Answers);
        return Line.Of(
            string.Create(CultureInfo.InvariantCulture, $"batching with a delay of {Delay.TotalMilliseconds:0} ms, {Clients} clients: p99: MLP 8x512"),
            "<= delay + 2 x batch time", string.Create(CultureInfo.InvariantCulture, $"{p99:0.0} ms, of at most {limit:0.0} ({seen.Words})"),
            p99 <= limit, seen);
    }

    private static LooseRunner Create(BatchingOptions batching, out LooseRequest request)
    {
        (Func<LooseRunner> create, RequestInputs inputs) = BenchWorkloads.Planned([ModelCatalog.Get(Model).Write(ModelCatalog.Folder), "dbatch=1"], new RunnerOptions { Batching = batching });
        LooseRunner runner = create();
        request = runner.NewRequest(inputs);
        return runner;
    }

    private static async Task<Seen> Load(LooseRunner runner, LooseRequest request, BenchOptions options)
    {
        UnderLoad load = new(runner, Clients) { Request = request };
        await load.During(() => Task.Delay(TimeSpan.FromSeconds(options.Quick ? 0.2 : 2)));
        BatchCounts counts = runner.Engine.Batches!.Counts;
        (long batches, long requests, long taken, TimeSpan ran, TimeSpan waited) = (counts.Batches, counts.Requests, counts.TakenRequests, counts.RanFor, counts.WaitedFor);
        Stopwatch watch = Stopwatch.StartNew();
        using CancellationTokenSource over = new();
        Task<double> length = Task.Factory.StartNew(() => MeanLength(runner, over.Token), TaskCreationOptions.LongRunning);
        LoadAnswer[] answers = await load.During(async () =>
        {
            await Task.Delay(TimeSpan.FromSeconds(options.Quick ? 0.2 : 5));
            await over.CancelAsync();
        });
        batches = counts.Batches - batches;
        return new Seen(
            answers, watch.Elapsed.TotalSeconds, await length, (counts.WaitedFor - waited) / (counts.TakenRequests - taken), (counts.RanFor - ran) / batches,
            (double)(counts.Requests - requests) / batches);
    }

    private static double MeanLength(LooseRunner runner, CancellationToken over)
    {
        List<int> lengths = [];
        do
            lengths.Add(runner.Engine.Queue!.Waiting);
        while (!over.WaitHandle.WaitOne(1));
        return lengths.Average();
    }

    /// <param name="Answers">What came.</param>
    /// <param name="Seconds">Meanwhile.</param>
    /// <param name="Length">How many requests waited on average, looked up every now and then.</param>
    /// <param name="Wait">How long each waited, by the queue's clock.</param>
    /// <param name="Batch">How long a batch took.</param>
    /// <param name="Size">The requests in it.</param>
    private sealed record Seen(LoadAnswer[] Answers, double Seconds, double Length, TimeSpan Wait, TimeSpan Batch, double Size)
    {
        public string Words => string.Create(CultureInfo.InvariantCulture, $"a batch takes {Batch.TotalMilliseconds:0.00} ms, of {Size:0.0} requests; {Answers.Length / Seconds:0} a second");
    }
}
