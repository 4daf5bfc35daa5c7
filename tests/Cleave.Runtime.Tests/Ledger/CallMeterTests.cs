using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Ensembles;
using Cleave.Runtime.Tests.Support;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>Who listens to the meter is told how long calls take, which fail, and which are rejected.</summary>
public sealed class CallMeterTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly CoreLedger _ledger = Ledgers.Own(1);
    private readonly Meter _meter;
    private readonly ConcurrentQueue<(string Name, double Value, string Tags)> _seen = [];

    public CallMeterTests() => _meter = LedgerMeter.Of(_ledger);

    public void Dispose() => _meter.Dispose();

    private string[] Seen => [.. _seen.Select(static s => s.Name + " " + s.Tags).Order(StringComparer.Ordinal)];

    private static string[] Durations(string model, params string[] methods) => Array.ConvertAll(methods, m => "cleave.request.duration model=" + model + " method=" + m);

    private static void Input(ref InputBinder binder) => binder.Copy<float>(0, new float[] { 1, 1, 1, 1 });

    private static void Wrong(ref InputBinder binder) => binder.Copy<float>(0, new float[] { 1 });

    [Fact]
    public async Task Each_call_is_timed()
    {
        using MeterListener listener = Listen();
        using LooseRunner runner = LooseRunner.Of(Models.Times(2), new() { Ledger = _ledger });
        await Ask(runner);
        using LooseCall call = runner.CreateCall(static (ref InputBinder _) => { });
        call.Run(CancellationToken.None);
        Assert.True(SpinWait.SpinUntil(() => _seen.Count == 5, Patience));
        Assert.Equal(Durations("test", "ModelCall.Run", "Run", "RunAsync", "RunMany", "RunManyAsync"), Seen);
        Assert.All(_seen, static s => Assert.InRange(s.Value, 1e-7, 60));
    }

    [Fact]
    public void Two_runners_of_one_model_are_told_apart_by_their_names()
    {
        using MeterListener listener = Listen();
        using LooseRunner first = LooseRunner.Of(Models.Times(2), new() { Ledger = _ledger });
        using LooseRunner second = LooseRunner.Of(Models.Times(2), new() { Ledger = _ledger, Name = "retrained" });
        first.Run(Input).Dispose();
        second.Run(Input).Dispose();
        Assert.Equal([.. Durations("retrained", "Run"), .. Durations("test", "Run")], Seen);
        Assert.Equal(["test", "retrained"], LedgerSnapshot.Of(_ledger).Runners.Select(static r => r.Model));
        (string Name, double Value, string Tags)[] requests = [.. Measurements.Of(_meter.Equals).Where(static m => m.Name == "cleave.requests").Select(static m => (m.Name, (double)m.Value, m.Tags))];
        Assert.Equal([1, 1], requests.Select(static r => r.Value));
        Assert.Equal(["model=retrained", "model=test"], requests.Select(static r => r.Tags.Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Two_ensembles_are_told_apart_by_their_names()
    {
        using MeterListener listener = Listen();
        using LooseEnsemble ensemble = LooseEnsemble.Of([Models.Times(2), Models.Times(3)], options: new() { Ledger = _ledger, Name = "of today" });
        ensemble.Run(Input).Dispose();
        Assert.Equal(Durations("of today", "Run"), Seen);
    }

    [Fact]
    public async Task Those_of_an_ensemble_too_and_not_its_members()
    {
        using MeterListener listener = Listen();
        using LooseEnsemble ensemble = LooseEnsemble.Of([Models.Times(2), Models.Times(3)], options: new() { Ledger = _ledger });
        await Ask(ensemble);
        Assert.True(SpinWait.SpinUntil(() => _seen.Count == 4, Patience));
        Assert.Equal(Durations("Vision", "Run", "RunAsync", "RunMany", "RunManyAsync"), Seen);
    }

    [Fact]
    public async Task What_fails_says_why()
    {
        using MeterListener listener = Listen();
        using LooseRunner runner = LooseRunner.Of(Models.Times(2), new() { Ledger = _ledger });
        Assert.Throws<ArgumentException>(() => runner.Run(Wrong));
        Assert.Equal("cleave.request.duration model=test method=Run error.type=System.ArgumentException", Assert.Single(Seen));
        _seen.Clear();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.RunAsync(Input, new CancellationToken(canceled: true)));
        Assert.True(SpinWait.SpinUntil(() => !_seen.IsEmpty, Patience));
        Assert.Equal("cleave.request.duration model=test method=RunAsync error.type=System.OperationCanceledException", Assert.Single(Seen));
    }

    [Fact]
    public async Task What_is_rejected_is_counted()
    {
        ModelProto rows = Model([Tensor("x", ElementType.Float, "batch", 1)], [Tensor("y", ElementType.Float, "batch", 1)], [Node("Identity", ["x"], ["y"])]);
        using MeterListener listener = Listen();
        await using LooseRunner runner = LooseRunner.Of(Definitions.Batched(rows), rows, new()
        {
            Ledger = _ledger,
            Cores = 1,
            // Nothing runs until the batch is full.
            Batching = BatchingOptions.On with { MaxSize = 16, MaxWaiting = 1, WhenFull = FullQueue.Reject, Delay = TimeSpan.FromMinutes(5) },
        });
        using CancellationTokenSource source = new();
        List<Task<LooseOutput>> waiting = [];
        while (!Seen.Contains("cleave.rejected_requests model=test"))
        {
            Assert.True(waiting.Count < 10);
            waiting.Add(runner.RunAsync(One, source.Token));
            SpinWait.SpinUntil(() => waiting[^1].IsFaulted && _seen.Count > 1, TimeSpan.FromMilliseconds(200));
        }
        Assert.Contains("cleave.request.duration model=test method=RunAsync error.type=CLV4012", Seen);
        source.Cancel();
        foreach (Task<LooseOutput> task in waiting)
            await ((Task)task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);

        static void One(ref InputBinder b)
        {
            b.Dim(1);
            b.Copy<float>(0, new float[] { 1 });
        }
    }

    [Fact]
    public async Task What_a_listener_throws_fails_no_request()
    {
        using MeterListener listener = new() { InstrumentPublished = Enable };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => throw new InvalidOperationException("listener"));
        listener.Start();
        using LooseRunner runner = LooseRunner.Of(Models.Times(2), new() { Ledger = _ledger });
        await Ask(runner);
        Assert.Throws<ArgumentException>(() => runner.Run(Wrong));
    }

    [Fact]
    public void Timing_allocates_nothing()
    {
        CallMeter calls = new(_ledger, "test");
        Add(calls, 100);
        Assert.Empty(_seen);
        Assert.Equal(0, Allocated(() => Add(calls, 1000)));
        double sum = 0;
        using MeterListener listener = new() { InstrumentPublished = Enable };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => sum += value);
        listener.Start();
        Add(calls, 100);
        Assert.Equal(0, Allocated(() => Add(calls, 1000)));
        Assert.True(sum > 0);

        static void Add(CallMeter calls, int times)
        {
            for (int i = 0; i < times; i++)
                calls.Begin("Run").End(null);
        }

        static long Allocated(Action action)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    private static async Task Ask(IModelRunner<Request, LooseOutput> runner)
    {
        runner.Run(Input).Dispose();
        (await runner.RunAsync(Input).WaitAsync(Patience)).Dispose();
        foreach (LooseOutput output in runner.RunMany([Input, Input]))
            output.Dispose();
        foreach (LooseOutput output in await runner.RunManyAsync([Input, Input]).WaitAsync(Patience))
            output.Dispose();
    }

    private void Enable(Instrument instrument, MeterListener listener)
    {
        if (instrument.Meter == _meter)
            listener.EnableMeasurementEvents(instrument);
    }

    private MeterListener Listen()
    {
        MeterListener listener = new() { InstrumentPublished = Enable };
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
        {
            // What waited is told of at other times.
            if (instrument.Name != "cleave.queue.duration")
                _seen.Enqueue((instrument.Name, value, Text(tags)));
        });
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _seen.Enqueue((instrument.Name, value, Text(tags))));
        listener.Start();
        return listener;

        static string Text(ReadOnlySpan<KeyValuePair<string, object?>> tags) => string.Join(' ', tags.ToArray().Select(static t => t.Key + "=" + t.Value));
    }
}
