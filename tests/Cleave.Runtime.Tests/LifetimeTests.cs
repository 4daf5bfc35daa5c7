using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Engines;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>Cancellation, disposal, threads, and everything at once.</summary>
public sealed class LifetimeTests
{
    // Long enough never to end by itself within a test.
    private const long Forever = 2_000_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_cancelled_token_runs_nothing()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Loop());
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Equal(source.Token, Assert.Throws<OperationCanceledException>(() => runner.Run(Times(Forever), source.Token)).CancellationToken);
        Task<LooseOutput> task = runner.RunAsync(Times(Forever), source.Token);
        Assert.True(task.IsCanceled);
        await Assert.ThrowsAsync<TaskCanceledException>(() => task);
        using LooseCall call = runner.CreateCall((ref _) => { });
        Assert.Throws<OperationCanceledException>(() => call.Run(source.Token));
    }

    [Fact]
    public async Task What_runs_is_ended_and_the_buffers_work_again()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Loop());
        for (int i = 0; i < 5; i++)
        {
            using CancellationTokenSource source = new();
            Task<LooseOutput> task = runner.RunAsync(Times(Forever), source.Token);
            await Until(() => runner.Engine.Workers.Waiting == 0 && runner.Engine.Gate.Inside == 1);
            source.Cancel();
            OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Patience));
            Assert.Equal(source.Token, e.CancellationToken);
            using LooseOutput output = runner.Run(Times(10));
            Assert.Equal(10f, output.Get<float>(0)[0]);
        }
    }

    [Fact]
    public async Task A_call_is_ended_and_works_again()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Loop());
        using LooseCall call = runner.CreateCall((ref _) => { });
        for (int i = 0; i < 5; i++)
        {
            call.One<long>(0) = Forever;
            call.One<float>(1) = 1;
            using CancellationTokenSource source = new();
            Task run = OwnThread.Run(() => call.Run(source.Token));
            await Until(() => runner.Engine.Gate.Inside == 1);
            source.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Patience));
            call.One<long>(0) = 3;
            call.Run(CancellationToken.None);
            Assert.Equal(3f, call.Out<float>(0)[0]);
        }
    }

    [Fact]
    public async Task What_waits_is_dropped_at_once()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Loop(), new() { Cores = 1 });
        using CancellationTokenSource first = new(), second = new();
        Task<LooseOutput> running = runner.RunAsync(Times(Forever), first.Token);
        await Until(() => runner.Engine.Workers.Waiting == 0);
        Task<LooseOutput> waiting = runner.RunAsync(Times(Forever), second.Token);
        Assert.Equal(1, runner.Engine.Workers.Workers);
        second.Cancel();
        Assert.True(waiting.IsCanceled);
        Assert.False(running.IsCompleted);
        first.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Disposal_waits_for_what_runs_and_what_waits(bool asynchronously)
    {
        LooseRunner runner = LooseRunner.Of(Models.Loop(), new() { Cores = 1 });
        using CancellationTokenSource source = new();
        Task<LooseOutput> running = runner.RunAsync(Times(Forever), source.Token);
        Task<LooseOutput> waiting = runner.RunAsync(Times(7));
        Task[] disposals =
        [
            Start(), Start(), Start(),
        ];
        await Until(() => runner.Engine.Gate.IsClosed);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => runner.RunAsync(Times(1)));
        Assert.DoesNotContain(disposals, d => d.IsCompleted);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
        using LooseOutput output = await waiting.WaitAsync(Patience);
        Assert.Equal(7f, output.Get<float>(0)[0]);
        await Task.WhenAll(disposals).WaitAsync(Patience);
        Assert.Equal(0, runner.Engine.Workers.Workers);
        await runner.DisposeAsync();
        runner.Dispose();

        Task Start() => asynchronously
            ? runner.DisposeAsync().AsTask()
            : OwnThread.Run(runner.Dispose);
    }

    [Fact]
    public async Task A_disposal_that_is_interrupted_ends_without_its_thread()
    {
        LooseRunner runner = LooseRunner.Of(Models.Loop(), new() { Cores = 1 });
        using CancellationTokenSource source = new();
        Task<LooseOutput> running = runner.RunAsync(Times(Forever), source.Token);
        Exception? thrown = null;
        Thread first = new(() => thrown = Record.Exception(runner.Dispose)) { Name = "disposes" };
        first.Start();
        await Until(() => runner.Engine.Gate.IsClosed);
        first.Interrupt();
        Assert.True(first.Join(Patience));
        Assert.IsType<ThreadInterruptedException>(thrown);
        Task second = runner.DisposeAsync().AsTask();
        Assert.False(second.IsCompleted);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
        await second.WaitAsync(Patience);
        Assert.Equal(0, runner.Engine.Workers.Workers);
        runner.Dispose();
    }

    [Fact]
    public async Task A_disposal_that_waits_long_says_so()
    {
        ListLogger logger = new();
        LooseRunner runner = LooseRunner.Of(Models.Loop(), new() { Logger = logger });
        runner.Engine.Closing.Step = TimeSpan.FromMilliseconds(20);
        using CancellationTokenSource source = new();
        Task<LooseOutput> running = runner.RunAsync(Times(Forever), source.Token);
        Task disposal = runner.DisposeAsync().AsTask();
        await Until(() => logger.Warnings.Length >= 2);
        Assert.Contains("still waits to dispose test", logger.Warnings[0]);
        Assert.Contains("1 requests (plan Whole)", logger.Warnings[0]);
        source.Cancel();
        await disposal.WaitAsync(Patience);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    /// <summary>It waits for more than requests.</summary>
    [Fact]
    public async Task A_disposal_that_waits_for_a_reload_says_that()
    {
        ListLogger logger = new();
        LooseRunner runner = LooseRunner.Of(Models.Loop(), new() { Logger = logger });
        RunnerEngine engine = runner.Engine;
        engine.Closing.Step = TimeSpan.FromMilliseconds(20);
        EngineReload held = await engine.Home.OpenBesideAsync(engine.Model.Source, CancellationToken.None);
        Task disposal = runner.DisposeAsync().AsTask();
        await Until(() => logger.Warnings.Length >= 2);
        Assert.Contains("0 requests (plan Whole) run or wait, 0 of them for a thread; the model is being opened anew", logger.Warnings[0]);
        await held.EndAsync();
        await disposal.WaitAsync(Patience);
        Assert.Equal(0, engine.Gate.Inside);
    }

    [Fact]
    public async Task Threads_are_named_started_when_needed_and_gone_afterwards()
    {
        LooseRunner runner = LooseRunner.Of(Models.Loop(), new() { Cores = 2 });
        int most = Math.Min(2, Environment.ProcessorCount);
        Assert.Equal(0, runner.Engine.Workers.Workers);
        (await runner.RunAsync(Times(1))).Dispose();
        Assert.Equal(1, runner.Engine.Workers.Workers);
        using CancellationTokenSource source = new();
        Task<LooseOutput>[] tasks = [.. Enumerable.Range(0, 6).Select(_ => runner.RunAsync(Times(Forever), source.Token))];
        await Until(() => runner.Engine.Workers.Waiting == 6 - most);
        Assert.Equal(most, runner.Engine.Workers.Workers);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(tasks).WaitAsync(Patience));
        runner.Dispose();
        Assert.Equal(0, runner.Engine.Workers.Workers);
    }

    [SkippableFact]
    public async Task The_system_shows_the_thread_names()
    {
        Skip.IfNot(Directory.Exists("/proc/self/task"), "skipped: /proc is absent");
        Generated.ModelDefinition plain = Definitions.Of(Models.Times(2));
        Generated.ModelDefinition named = new(1, "odd", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, plain.Budgets);
        LooseRunner runner = new(named, new() { Model = ModelSource.Bytes(Google.Protobuf.MessageExtensions.ToByteArray(Models.Times(2))) });
        (await runner.RunAsync((ref b) => b.Copy<float>(0, new float[4]))).Dispose();
        Assert.Equal(1, Count());
        runner.Dispose();
        // The runner waits until the thread's work is over; the system takes it off the list a moment later.
        await Until(() => Count() == 0);

        static int Count() => Directory.EnumerateDirectories("/proc/self/task").Count(t =>
        {
            try
            {
                return File.ReadAllText(Path.Combine(t, "comm")).StartsWith("Cleave odd work", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return false;
            }
        });
    }

    [Fact]
    public async Task One_call_on_two_threads_is_refused()
    {
        using LooseRunner runner = LooseRunner.Of(Models.Loop());
        LooseCall call = runner.CreateCall((ref _) => { });
        call.One<long>(0) = Forever;
        using CancellationTokenSource source = new();
        Task run = OwnThread.Run(() => call.Run(source.Token));
        await Until(() => runner.Engine.Gate.Inside == 1);
        await Until(() => Assert.ThrowsAny<Exception>(() => call.Run(source.Token)) is InvalidOperationException);
        // Disposed while it runs: the buffers are not given to anybody else.
        call.Dispose();
        Assert.Equal(0, runner.Engine.Pool.Idle);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Patience));
        Assert.Equal(0, runner.Engine.Pool.Idle);
    }

    [Fact]
    public async Task Everything_at_once()
    {
        long end = Stopwatch.GetTimestamp() + (4 * Stopwatch.Frequency);
        using CancellationTokenSource stop = new();
        int good = 0, cancelled = 0, disposed = 0, rounds = 0;
        Thread collector = new(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
                // One collection after the other would let nobody else come to anything.
                int seen = Volatile.Read(ref good);
                SpinWait.SpinUntil(() => Volatile.Read(ref good) > seen + 2, TimeSpan.FromMilliseconds(20));
            }
        })
        { IsBackground = true, Name = "collector" };
        collector.Start();
        try
        {
            while (Stopwatch.GetTimestamp() < end)
            {
                LooseRunner runner = LooseRunner.Of(Models.Bert());
                Task[] clients = [.. Enumerable.Range(0, 6).Select(i => Task.Run(() => Client(runner, (rounds * 10) + i)))];
                await Until(() => Volatile.Read(ref good) > (rounds * 200) || clients.All(c => c.IsCompleted));
                await runner.DisposeAsync();
                await Task.WhenAll(clients).WaitAsync(Patience);
                Assert.Equal(0, runner.Engine.Workers.Workers);
                rounds++;
            }
        }
        finally
        {
            stop.Cancel();
            Assert.True(collector.Join(Patience));
        }
        Assert.True(good > 100, $"{good} good, {cancelled} cancelled, {disposed} disposed, {rounds} rounds");
        Assert.True(disposed > 0);

        async Task Client(LooseRunner runner, int seed)
        {
            Random random = new(seed);
            try
            {
                while (true)
                {
                    int batch = random.Next(0, 3), sequence = random.Next(1, 20);
                    long add = random.Next(1000);
                    long[] ids = [.. Enumerable.Range(0, batch * sequence).Select(_ => (long)random.Next(1000))];
                    Request request = (ref b) =>
                    {
                        b.Dim(batch);
                        b.Dim(sequence);
                        b.Copy<long>(0, ids);
                        b.Copy(1, add);
                    };
                    using CancellationTokenSource source = new();
                    CancellationToken token = random.Next(3) == 0 ? source.Token : default;
                    if (token.CanBeCanceled)
                        source.CancelAfter(TimeSpan.FromMicroseconds(random.Next(300)));
                    try
                    {
                        LooseOutput output = random.Next(2) == 0 ? runner.Run(request, token) : await runner.RunAsync(request, token);
                        float[] expected = [.. ids.Select(id => (float)(id + add))];
                        Assert.Equal(expected, output.Get<float>(0).ToArray());
                        // Some outputs are forgotten.
                        if (random.Next(10) != 0)
                            output.Dispose();
                        Interlocked.Increment(ref good);
                    }
                    catch (OperationCanceledException) when (token.IsCancellationRequested)
                    {
                        Interlocked.Increment(ref cancelled);
                    }
                }
            }
            catch (ObjectDisposedException)
            {
                Interlocked.Increment(ref disposed);
            }
        }
    }

    private static Request Times(long times) => (ref b) =>
    {
        b.Copy(0, times);
        b.Copy(1, 1f);
    };

    // Polls, bounded: these are states without an event.
    private static async Task Until(Func<bool> condition)
    {
        long end = Stopwatch.GetTimestamp() + (long)(Patience.TotalSeconds * Stopwatch.Frequency);
        while (!condition())
        {
            Assert.True(Stopwatch.GetTimestamp() < end, "waited too long");
            await Task.Delay(1);
        }
    }
}
