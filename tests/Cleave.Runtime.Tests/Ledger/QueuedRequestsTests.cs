using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Batching;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>What the counters say of requests that wait to run together, and that do.</summary>
public sealed class QueuedRequestsTests : BatchingTestBase
{
    [Fact]
    public async Task Those_that_wait_are_counted_by_model()
    {
        CoreLedger ledger = Ledgers.Own(1);
        using Meter meter = LedgerMeter.Of(ledger);
        using LooseRunner runner = Runner(new() { Ledger = ledger }), idle = Runner(new() { Ledger = ledger });
        Assert.Equal((0, "model=" + runner.Engine.Name), Queued());
        // One runs, three wait; another runner of the same model has none.
        Task<Answer>[] asked = await Waiting(runner, 3);
        Assert.Equal((3, "model=" + runner.Engine.Name), Queued());
        Model.Open();
        await Task.WhenAll(asked).WaitAsync(Patience);
        Assert.Equal((0, "model=" + runner.Engine.Name), Queued());

        (long, string) Queued()
        {
            (_, long waiting, string tags) = Assert.Single(Measurements.Of(meter.Equals), static n => n.Name == "cleave.queued_requests");
            return (waiting, tags);
        }
    }

    [Fact]
    public async Task Each_request_of_a_batch_counts()
    {
        CoreLedger ledger = Ledgers.Own(1);
        using Meter meter = LedgerMeter.Of(ledger);
        using LooseRunner runner = Runner(new() { Ledger = ledger });
        Task<Answer>[] asked = await Waiting(runner, 5);
        Assert.Equal(1, Value("cleave.active_requests"));
        long active = 0;
        int inFlight = 0;
        Model.InRun = () =>
        {
            if (Model.Runs == 2)
                (active, inFlight) = (Value("cleave.active_requests"), LedgerSnapshot.Of(ledger).InFlight);
        };
        Model.Open();
        Assert.Equal([1, 5, 5, 5, 5, 5], (await Task.WhenAll(asked).WaitAsync(Patience)).Select(static a => a.Together));
        AssertAtRest(runner);
        Assert.Equal((5, 5), (active, inFlight));
        Assert.Equal((6, 0), (Value("cleave.requests"), Value("cleave.active_requests")));
        Assert.Equal(6, Assert.Single(LedgerSnapshot.Of(ledger).Runners[0].Modes).Requests);

        long Value(string name) => Measurements.Of(meter.Equals).Where(n => n.Name == name).Sum(static n => n.Value);
    }

    [Fact]
    public async Task Those_that_a_full_queue_holds_up_are_counted_with_all_the_time_that_they_waited()
    {
        CoreLedger ledger = Ledgers.Own(1);
        using Meter meter = LedgerMeter.Of(ledger);
        using LooseRunner runner = Runner(new() { Ledger = ledger, Batching = BatchingOptions.On with { MaxWaiting = 1 } });
        Task<Answer>[] asked = await Waiting(runner, 1);
        Task<Answer> outside = Ask(runner, asynchronously: false, [1], 0);
        await Until(() => runner.Engine.Queue!.Outside == 1);
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(2, Assert.Single(Measurements.Of(meter.Equals), static n => n.Name == "cleave.queued_requests").Value);
        Assert.Equal(2, Assert.Single(LedgerSnapshot.Of(ledger).Runners).Waiting);
        TimeSpan before = runner.Engine.Batches!.Counts.WaitedFor;
        // However long it is: no less was waited.
        await Task.Delay(50);
        TimeSpan least = Stopwatch.GetElapsedTime(start);
        Model.Open();
        await Task.WhenAll([outside, .. asked]).WaitAsync(Patience);
        Assert.InRange(runner.Engine.Batches.Counts.WaitedFor - before, 2 * least, Patience);
        AssertAtRest(runner);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Those_without_a_limit_are_counted_too(bool batches)
    {
        CoreLedger ledger = Ledgers.Own(1);
        using Meter meter = LedgerMeter.Of(ledger);
        using LooseRunner runner = Runner(new() { Ledger = ledger, Batching = batches ? BatchingOptions.On : BatchingOptions.Off });
        Assert.Equal((0, 0), Waiting());
        using CancellationTokenSource source = new();
        Task<Answer> held = await Held(runner);
        Assert.Equal((0, 0), Waiting());
        Task<LooseOutput> alone = runner.RunAsync(Large), cancelled = runner.RunAsync(Large, source.Token);
        Task<LooseOutput[]> job = runner.RunManyAsync([Large, Large, Large]), cancelledJob = runner.RunManyAsync([Large], source.Token);
        Task<Answer> small = Ask(runner, true, [1], 0);
        Assert.Equal((5, 5), Waiting());
        Assert.Contains("test (Latency): 5 requests waiting" + (batches ? ", 0 batches\n" : "\n"), LedgerSnapshot.Of(ledger).ToString(), StringComparison.Ordinal);
        source.Cancel();
        Assert.Equal((3, 3), Waiting());
        Model.Open();
        await Task.WhenAll(held, small, alone, job).WaitAsync(Patience);
        Assert.Equal((0, 0), Waiting());
        Assert.True(cancelled.IsCanceled && cancelledJob.IsCanceled);
        Array.ForEach([await alone, .. await job], static o => o.Dispose());

        (int Snapshot, long Meter) Waiting() =>
            (Assert.Single(LedgerSnapshot.Of(ledger).Runners).Waiting, Assert.Single(Measurements.Of(meter.Equals), static n => n.Name == "cleave.queued_requests").Value);
    }

    [Fact]
    public async Task Who_listens_is_told_how_long_each_waited_that_began()
    {
        CoreLedger ledger = Ledgers.Own(1);
        using Meter meter = LedgerMeter.Of(ledger);
        ConcurrentQueue<double> seen = [];
        using MeterListener listener = new()
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter == meter && instrument.Name == "cleave.queue.duration")
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            Assert.Equal(new KeyValuePair<string, object?>("model", "test"), Assert.Single(tags.ToArray()));
            seen.Enqueue(value);
        });
        listener.Start();
        using LooseRunner runner = Runner(new() { Ledger = ledger });
        // They run on this thread, at once.
        runner.Run(Model.Request([1], 0)).Dispose();
        Array.ForEach(runner.RunMany([Large, Large]), static o => o.Dispose());
        Assert.Empty(seen);
        Task<Answer> held = await Held(runner);
        Assert.Single(seen);
        seen.Clear();
        using CancellationTokenSource source = new();
        Task<LooseOutput> alone = runner.RunAsync(Large), cancelled = runner.RunAsync(Large, source.Token);
        Task<LooseOutput[]> job = runner.RunManyAsync([Large, Large, Large]);
        Task<Answer>[] together = [Ask(runner, true, [1], 0), Ask(runner, true, [2], 0)];
        long start = Stopwatch.GetTimestamp();
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        double least = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Assert.Empty(seen);
        Model.Open();
        await Task.WhenAll([held, .. together]).WaitAsync(Patience);
        Array.ForEach([await alone.WaitAsync(Patience), .. await job.WaitAsync(Patience)], static o => o.Dispose());
        Assert.Equal(4, seen.Count);
        Assert.All(seen, s => Assert.InRange(s, least, Patience.TotalSeconds));
    }

    // As many samples as the largest batch has.
    private void Large(ref InputBinder binder) => Model.Request(new float[16], 0, 0, 0, 0, 0, 0, 0, 0)(ref binder);
}
