using System;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Lanes;

/// <summary>Plans of several lanes give what the whole model gives, whatever else happens.</summary>
public sealed class LaneTests
{
    private const long Forever = 2_000_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_split_gives_what_the_whole_gives()
    {
        using LooseRunner whole = Towers.Runner(new() { Plan = PlanChoice.Whole });
        using LooseRunner split = Towers.Runner();
        Assert.Equal(("Whole", "TwoLanes"), (whole.Engine.Plan.Outline.Plan.Name, split.Engine.Plan.Outline.Plan.Name));
        using LooseCall call = split.CreateCall((ref _) => { });
        for (int i = 0; i < 6; i++)
        {
            float[] x = Towers.Input(i);
            using LooseOutput expected = whole.Run(Towers.Request(x));
            using LooseOutput here = split.Run(Towers.Request(x));
            using LooseOutput elsewhere = await split.RunAsync(Towers.Request(x));
            x.CopyTo(call.In<float>(0));
            call.Run();
            Near(expected.Get<float>(0), here.Get<float>(0));
            Near(expected.Get<float>(0), elsewhere.Get<float>(0));
            Near(expected.Get<float>(0), call.Out<float>(0));
        }
        Assert.True(call.Buffers.OutputsAreBound);
    }

    [Fact]
    public void A_split_call_allocates_nothing_once_it_ran()
    {
        // On a clock that stands still: once a second the ledger has the cores counted again, by a thread of the pool.
        using LooseRunner runner = Towers.Runner(new() { Plan = PlanChoice.Split, Ledger = Ledgers.Own(2, new ManualClock()) });
        using LooseCall call = runner.CreateCall((ref _) => { });
        for (int i = 0; i < 100; i++)
            call.Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            call.In<float>(0)[0] = i;
            call.Run();
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Values_of_unknown_shape_go_between_lanes(bool isSteady)
    {
        using LooseRunner runner = SplitModel.NonZero(isSteady: isSteady).Runner();
        Random random = new(5);
        for (int i = 0; i < 60; i++)
        {
            int n = random.Next(0, 7);
            float[] x = [.. Enumerable.Range(0, n).Select(_ => (float)random.Next(-2, 3))];
            using LooseOutput output = runner.Run((ref b) =>
            {
                b.Dim(n);
                b.Copy<float>(0, x);
            });
            float[] expected = [.. x.Where(v => v != 0).Select(MathF.Abs)];
            Assert.Equal(expected, output.Get<float>(0).ToArray());
            Assert.Equal([1L, expected.Length], output.Get<long>(1).ToArray());
        }
    }

    [Fact]
    public void Every_kind_of_element_goes_between_lanes()
    {
        Relay<float>(ElementType.Float, 1.5f, -2);
        Relay<long>(ElementType.Int64, 5, 6, 7);
        Relay<bool>(ElementType.Bool, true, false, true);
        Relay<Half>(ElementType.Float16, (Half)1.5, (Half)2);
        Relay<string>(ElementType.String, "a", "", "ü");
        Relay<string>(ElementType.String);

        static void Relay<T>(ElementType type, params T[] values)
        {
            using LooseRunner runner = SplitModel.Relay<T>(type).Runner();
            for (int i = 0; i < 4; i++)
            {
                using LooseOutput output = runner.Run((ref b) =>
                {
                    b.Dim(values.Length);
                    b.Copy<T>(0, values);
                });
                Assert.Equal(values, output.Get<T>(0).ToArray());
                Assert.Equal(values, output.Get<T>(1).ToArray());
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Requests_in_flight_do_not_mix(bool asynchronously)
    {
        using LooseRunner runner = SplitModel.Relay<long>(ElementType.Int64).Runner();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(client => OwnThread.Run(
            () =>
            {
                for (int i = 0; i < 400; i++)
                {
                    long[] values = [.. Enumerable.Range(0, 1 + (i % 3)).Select(k => (client * 1_000_000L) + (i * 10) + k)];
                    Request request = (ref b) =>
                    {
                        b.Dim(values.Length);
                        b.Copy<long>(0, values);
                    };
                    using LooseOutput output = asynchronously ? runner.RunAsync(request).GetAwaiter().GetResult() : runner.Run(request);
                    Assert.Equal(values, output.Get<long>(0).ToArray());
                    Assert.Equal(values, output.Get<long>(1).ToArray());
                }
            }))).WaitAsync(Patience);
    }

    [Fact]
    public void A_failing_segment_is_named_and_releases_every_lane()
    {
        using LooseRunner runner = SplitModel.Lookup().Runner();
        using LooseCall call = runner.CreateCall((ref _) => { });
        for (int i = 0; i < 20; i++)
        {
            call.In<float>(0)[0] = -i;
            call.In<long>(1)[0] = 99;
            CleaveException e = Assert.Throws<CleaveException>(() => call.Run());
            Assert.Equal("CLV4008", e.Id);
            Assert.Contains("segment 'Right'", e.Message);
            Assert.Contains("nodes: Gather_row", e.Message);
            Assert.Contains("out of data bounds", e.Message);
            // The stack trace ends in the lane method.
            Assert.Contains("Side", e.StackTrace);
            call.In<long>(1)[0] = 2;
            call.Run();
            Assert.Equal(30f + i, call.Out<float>(0)[0]);
        }
    }

    [Fact]
    public async Task A_lane_that_waits_and_one_that_runs_are_cancelled()
    {
        using LooseRunner runner = SplitModel.Loop().Runner();
        for (int i = 0; i < 5; i++)
        {
            using CancellationTokenSource source = new();
            Task<LooseOutput> task = runner.RunAsync(SplitModel.LoopOf(Forever, 1), source.Token);
            await Until(() => runner.Engine.Workers.Waiting == 0 && runner.Engine.Gate.Inside == 1);
            source.Cancel();
            OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task.WaitAsync(Patience));
            Assert.Equal(source.Token, e.CancellationToken);
            using LooseOutput output = runner.Run(SplitModel.LoopOf(10, -2));
            Assert.Equal(-40f, output.Get<float>(0)[0]);
        }
    }

    [Fact]
    public async Task Disposal_waits_for_every_lane()
    {
        LooseRunner runner = SplitModel.Loop().Runner();
        using CancellationTokenSource source = new();
        Task<LooseOutput> running = runner.RunAsync(SplitModel.LoopOf(Forever, 1), source.Token);
        Task<LooseOutput> waiting = runner.RunAsync(SplitModel.LoopOf(7, 1));
        Task disposal = runner.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(Patience));
        using LooseOutput output = await waiting.WaitAsync(Patience);
        Assert.Equal(7f, output.Get<float>(0)[0]);
        await disposal.WaitAsync(Patience);
        Assert.All(runner.Engine.Modes.Planned.Crew!.Ended, static thread => Assert.True(thread.IsCompleted));
    }

    [Fact]
    public async Task Failures_and_cancellations_at_random()
    {
        using LooseRunner runner = SplitModel.Lookup().Runner();
        int good = 0, failed = 0, cancelled = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(client => Task.Run(async () =>
        {
            Random random = new(client);
            for (int i = 0; i < 400; i++)
            {
                long index = random.Next(5);
                using CancellationTokenSource source = new();
                CancellationToken token = random.Next(3) == 0 ? source.Token : default;
                if (token.CanBeCanceled)
                    source.CancelAfter(TimeSpan.FromMicroseconds(random.Next(300)));
                try
                {
                    Request request = SplitModel.LookupOf(-i, index);
                    using LooseOutput output = random.Next(2) == 0 ? runner.Run(request, token) : await runner.RunAsync(request, token);
                    Assert.Equal(i + (10f * (index + 1)), output.Get<float>(0)[0]);
                    Assert.NotEqual(4, index);
                    Interlocked.Increment(ref good);
                }
                catch (OperationCanceledException) when (token.IsCancellationRequested)
                {
                    Interlocked.Increment(ref cancelled);
                }
                catch (CleaveException e)
                {
                    Assert.Equal(("CLV4008", 4L), (e.Id, index));
                    Interlocked.Increment(ref failed);
                }
            }
        }))).WaitAsync(Patience);
        Assert.Equal(2400, good + failed + cancelled);
        Assert.True(good > 0 && failed > 0, $"{good} good, {failed} failed, {cancelled} cancelled");
    }

    [Fact]
    public async Task A_lane_thread_that_is_interrupted_goes_on()
    {
        ListLogger logger = new();
        Thread? thread = null;
        using LooseRunner runner = SplitModel.Lookup(() => thread = Thread.CurrentThread).Runner(new() { Logger = logger });
        runner.Run(SplitModel.LookupOf(1, 1)).Dispose();
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("Cleave test lane 1", thread!.Name);
            thread.Interrupt();
            await Until(() => logger.Warnings.Length > i);
            Assert.Contains("Cleave test lane 1", logger.Warnings[i]);
            using LooseOutput output = runner.Run(SplitModel.LookupOf(i, 0));
            Assert.Equal(10f + i, output.Get<float>(0)[0]);
        }
    }

    [SkippableFact]
    public async Task Lanes_have_threads_of_their_own_from_the_first_request_to_the_disposal()
    {
        Skip.IfNot(Directory.Exists("/proc/self/task"), "skipped: /proc is absent");
        LooseRunner runner = SplitModel.Lookup(name: "own").Runner();
        Assert.Empty(SystemThreads.Named("Cleave own lane"));
        int caller = Environment.CurrentManagedThreadId;
        runner.Run(SplitModel.LookupOf(1, 1)).Dispose();
        runner.Run(SplitModel.LookupOf(1, 1)).Dispose();
        Assert.Equal(caller, Environment.CurrentManagedThreadId);
        Assert.Single(SystemThreads.Named("Cleave own lane"));
        runner.Dispose();
        await Until(() => SystemThreads.Named("Cleave own lane").Length == 0);
    }

    [Fact]
    public void A_forgotten_runner_with_lanes_is_garbage()
    {
        (WeakReference runner, Task threads) = Forget();
        Assert.True(SpinWait.SpinUntil(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !runner.IsAlive && threads.IsCompleted;
        }, Patience));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static (WeakReference, Task) Forget()
        {
            LooseRunner runner = Towers.Runner();
            for (int i = 0; i < 10; i++)
            {
                runner.Run(Towers.Request(Towers.Input(i)));
                runner.CreateCall((ref _) => { }).Run();
            }
            return (new WeakReference(runner), Task.WhenAll(runner.Engine.Modes.Planned.Crew!.Ended));
        }
    }

    internal static void Near(OutputTensor<float> expected, OutputTensor<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-5f);
    }

    // Polls, bounded: these are states without an event.
    internal static async Task Until(Func<bool> condition)
    {
        using CancellationTokenSource end = new(Patience);
        while (!condition())
            await Task.Delay(1, end.Token);
    }
}
