using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Emulator;
using Cleave.Lanes;
using Cleave.Runtime.Tests.Devices;
using Cleave.Runtime.Tests.Support;
using Cleave.Workers;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Cleave.Runtime.Tests.Lanes;

/// <summary>A request is over when all of its lanes are, and not later, whatever ends it.</summary>
public sealed class LaneEndTests
{
    private const long Forever = 2_000_000_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void A_request_that_is_interrupted_waits_for_its_other_lanes_and_fails()
    {
        using ManualResetEventSlim entered = new(), open = new(true);
        using LooseRunner runner = SplitModel.Relay<long>(ElementType.Int64, () =>
        {
            entered.Set();
            open.Wait(Patience);
        }).Runner();
        for (int i = 0; i < 3; i++)
        {
            entered.Reset();
            open.Reset();
            Exception? failure = null;
            Thread caller = new(() => failure = Record.Exception(() => runner.Run(SplitModel.RelayOf(i)).Dispose()));
            caller.Start();
            Assert.True(entered.Wait(Patience));
            // The first lane has nothing left to do but to wait for this one.
            caller.Interrupt();
            bool wasOver = caller.Join(TimeSpan.FromMilliseconds(100));
            open.Set();
            Assert.True(caller.Join(Patience));
            Assert.False(wasOver);
            Assert.IsType<ThreadInterruptedException>(failure);
            for (long k = 1; k < 4; k++)
                Relayed(runner, (100 * i) + k);
        }
    }

    [Fact]
    public void Requests_interrupted_at_random_fail_or_give_right_results()
    {
        Thread? caller = null;
        Random random = new(3);
        using LooseRunner runner = SplitModel.Relay<long>(ElementType.Int64, () =>
        {
            if (caller is null || random.Next(3) != 0)
                return;
            Thread.SpinWait(random.Next(2000));
            caller.Interrupt();
            Thread.SpinWait(random.Next(2000));
        }).Runner(new() { Ledger = Ledgers.Own(3) });
        int good = 0, interrupted = 0;
        Exception? wrong = null;
        Thread client = new(() => wrong = Record.Exception(() =>
        {
            for (int i = 0; i < 2000; i++)
            {
                try
                {
                    Relayed(runner, i, -i);
                    good++;
                }
                catch (ThreadInterruptedException)
                {
                    interrupted++;
                }
            }
        }));
        caller = client;
        client.Start();
        Assert.True(client.Join(Patience));
        Assert.Null(wrong);
        Assert.True(good > 0 && interrupted > 0, $"{good} good, {interrupted} interrupted");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_callback_that_throws_while_a_request_is_stopped_holds_nobody_up(bool inFirst)
    {
        bool fails = false;
        DeviceModel model = inFirst ? DeviceModel.Towers(afterLeft: Fail) : DeviceModel.Towers(afterLaunch: Fail);
        // Not disposed where the test fails: that would wait for the request.
        LooseRunner runner = model.Runner(new EmulatedDevice(new EmulatorProfile()));
        LooseCall call = runner.CreateCall((ref _) => { });
        call.Run();
        for (int i = 0; i < 3; i++)
        {
            call.Buffers.Lanes.DeviceWaits.Register(static () => throw new NotSupportedException("in a callback"));
            fails = true;
            Exception? failure = null;
            Thread caller = new(() => failure = Record.Exception(() => call.Run())) { IsBackground = true };
            caller.Start();
            Assert.True(caller.Join(TimeSpan.FromSeconds(20)));
            Assert.Equal("in a lane", Assert.IsType<InvalidOperationException>(failure).Message);
            fails = false;
            call.Run();
        }
        call.Dispose();
        runner.Dispose();

        void Fail()
        {
            if (fails)
                throw new InvalidOperationException("in a lane");
        }
    }

    [Fact]
    public async Task A_cancelled_request_does_not_wait_for_earlier_ones_to_leave_its_lanes()
    {
        using LooseRunner runner = SplitModel.Loop().Runner();
        using CancellationTokenSource first = new();
        Task<LooseOutput> earlier = runner.RunAsync(SplitModel.LoopOf(Forever, 1), first.Token);
        await LaneTests.Until(() => runner.Engine.Modes.Planned.Crew!.Waiting == 0 && runner.Engine.Workers.Waiting == 0 && runner.Engine.Gate.Inside == 1);
        try
        {
            for (int i = 0; i < 3; i++)
            {
                using CancellationTokenSource source = new();
                Task<LooseOutput> second = runner.RunAsync(SplitModel.LoopOf(1, 1), source.Token);
                await LaneTests.Until(() => runner.Engine.Modes.Planned.Crew!.Waiting == i + 1);
                source.Cancel();
                OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(TimeSpan.FromSeconds(20)));
                Assert.Equal(source.Token, e.CancellationToken);
                Assert.False(earlier.IsCompleted);
            }
        }
        finally
        {
            first.Cancel();
        }
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => earlier.WaitAsync(Patience));
        for (int i = 1; i < 10; i++)
        {
            using LooseOutput output = await runner.RunAsync(SplitModel.LoopOf(i, -2)).WaitAsync(Patience);
            Assert.Equal(-4f * i, output.Get<float>(0)[0]);
        }
    }

    [Fact]
    public async Task A_request_is_cancelled_whose_first_lane_alone_has_run()
    {
        using ManualResetEventSlim entered = new(), open = new(true);
        using LooseRunner runner = SplitModel.Relay<long>(ElementType.Int64, () =>
        {
            entered.Set();
            open.Wait(Patience);
        }).Runner();
        Relayed(runner, 1);
        entered.Reset();
        open.Reset();
        Task<LooseOutput> earlier = runner.RunAsync(SplitModel.RelayOf(2));
        try
        {
            Assert.True(entered.Wait(Patience));
            using CancellationTokenSource source = new();
            Task<LooseOutput> second = runner.RunAsync(SplitModel.RelayOf(3), source.Token);
            // Only its last lane did not begin.
            await LaneTests.Until(() => runner.Engine.Modes.Planned.Crew!.Waiting == 1 && runner.Engine.Workers.Waiting == 0);
            source.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(TimeSpan.FromSeconds(20)));
        }
        finally
        {
            open.Set();
        }
        using LooseOutput output = await earlier.WaitAsync(Patience);
        Assert.Equal([2L], output.Get<long>(0).ToArray());
        for (int i = 0; i < 10; i++)
            Relayed(runner, 10 + i, i);
    }

    [Fact]
    public async Task Requests_cancelled_at_random_behind_others_do_not_mix()
    {
        using LooseRunner runner = SplitModel.Relay<long>(ElementType.Int64, static () => Thread.SpinWait(300)).Runner();
        int good = 0, cancelled = 0;
        CancellationTokenSource?[] open = new CancellationTokenSource?[6];
        bool over = false;
        // By a thread of its own: timers may not come before all requests are over.
        Task canceller = OwnThread.Run(() =>
        {
            Random random = new(open.Length);
            while (!Volatile.Read(ref over))
            {
                lock (open)
                    open[random.Next(open.Length)]?.Cancel();
                Thread.SpinWait(random.Next(500));
            }
        });
        try
        {
            await Task.WhenAll(Enumerable.Range(0, open.Length).Select(client => OwnThread.Run(() =>
            {
                Random random = new(client);
                // A machine that gives the other thread no time meanwhile would show nothing.
                for (int i = 0; i < 1000 || (Volatile.Read(ref cancelled) == 0 && i < 1_000_000); i++)
                {
                    using CancellationTokenSource source = new();
                    lock (open)
                        open[client] = random.Next(2) == 0 ? source : null;
                    try
                    {
                        Relayed(runner, source.Token, (client * 1_000_000) + i, -i);
                        Interlocked.Increment(ref good);
                    }
                    catch (OperationCanceledException) when (source.IsCancellationRequested)
                    {
                        Interlocked.Increment(ref cancelled);
                    }
                    finally
                    {
                        lock (open)
                            open[client] = null;
                    }
                }
            }))).WaitAsync(Patience);
        }
        finally
        {
            Volatile.Write(ref over, true);
        }
        await canceller.WaitAsync(Patience);
        Assert.True(good > 0 && cancelled > 0, $"{good} good, {cancelled} cancelled");
    }

    [Fact]
    public async Task A_lane_whose_thread_cannot_be_started_fails_the_request_and_releases_the_others()
    {
        bool starts = false;
        using LooseRunner runner = SplitModel.Relay<long>(ElementType.Int64).Runner();
        using LooseCall call = runner.CreateCall((ref b) => b.Dim(1));
        call.Run();
        call.Run();
        LaneCrew crew = new([Named(static _ => "one"), Named(_ => starts ? "two" : throw new OutOfMemoryException("no thread"))]);
        PlanCall lanes = new(runner.Engine.Plan.Outline, runner.Engine.Modes.Planned.LaneSettings, crew, call.Buffers.Plan.Sample);
        for (int i = 0; i < 10; i++)
        {
            starts = i == 9;
            call.In<long>(0)[0] = i;
            Exception? failure = await Record.ExceptionAsync(() => Task.Run(() => lanes.RunWithCare(default)).WaitAsync(Patience));
            Assert.Equal(starts ? null : "no thread", failure?.Message);
        }
        Assert.Equal((9L, 9L), (call.Out<long>(0)[0], call.Out<long>(1)[0]));
        crew.Stop();
        await Task.WhenAll(crew.Ended).WaitAsync(Patience);
        lanes.Dispose();

        static WorkerSettings Named(Func<int, string> name) => new(name, 1, NullLogger.Instance);
    }

    private static void Relayed(LooseRunner runner, params long[] values) => Relayed(runner, default, values);

    private static void Relayed(LooseRunner runner, CancellationToken token, params long[] values)
    {
        using LooseOutput output = runner.Run(SplitModel.RelayOf(values), token);
        Assert.Equal(values, output.Get<long>(0).ToArray());
        Assert.Equal(values, output.Get<long>(1).ToArray());
    }
}
