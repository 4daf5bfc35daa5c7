using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>Several requests in the background that wait for cores.</summary>
public sealed class WaitingRoomTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task An_end_that_leaves_no_core_free_wakes_nobody()
    {
        int looks = 0;
        bool isFree = false;
        WaitingRoom room = new(
            () => Volatile.Read(ref isFree),
            () =>
            {
                Interlocked.Increment(ref looks);
                return Volatile.Read(ref isFree);
            })
        {
            Patience = TimeSpan.FromHours(1),
        };
        Task<bool> waits = OwnThread.Run(() => room.TryTake(CancellationToken.None));
        // Once before it goes in, and once inside.
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref looks) == 2, Patience));
        for (int i = 0; i < 100; i++)
            room.Leave();
        Assert.False(SpinWait.SpinUntil(() => Volatile.Read(ref looks) > 2, TimeSpan.FromMilliseconds(100)));
        Volatile.Write(ref isFree, true);
        room.Leave();
        Assert.True(await waits.WaitAsync(Patience));
        Assert.Equal((3, 0), (looks, room.Inside));
    }

    [Fact]
    public async Task One_that_waits_comes_before_one_that_comes_back_at_once()
    {
        CoreLedger ledger = Ledgers.Own(1);
        ledger.Waiting.Patience = TimeSpan.FromHours(1);
        for (int round = 0; round < 100; round++)
        {
            bool came = false;
            ledger.EnterBackground(CancellationToken.None);
            Task waits = OwnThread.Run(() =>
            {
                ledger.EnterBackground(CancellationToken.None);
                came = true;
                ledger.LeaveBackground(1);
            });
            Assert.True(SpinWait.SpinUntil(() => ledger.Waiting.Inside == 1, Patience));
            ledger.LeaveBackground(1);
            ledger.EnterBackground(CancellationToken.None);
            Assert.True(Volatile.Read(ref came));
            ledger.LeaveBackground(1);
            await waits.WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task As_many_go_in_as_cores_are_free()
    {
        CoreLedger ledger = Ledgers.Own(4);
        ledger.Waiting.Patience = TimeSpan.FromHours(1);
        ledger.Enter(ledger.Now);
        ledger.Take(3);
        Task[] waits = [.. Enumerable.Range(0, 7).Select(_ => OwnThread.Run(() => ledger.EnterBackground(CancellationToken.None)))];
        Assert.True(SpinWait.SpinUntil(() => ledger.Waiting.Inside == 7, Patience));
        int left = 7;
        // The request gives one core back, then two at once; then those that went in give all back.
        foreach (int free in new[] { 1, 2, 4 })
        {
            ledger.LeaveBackground(free);
            left -= free;
            Assert.True(SpinWait.SpinUntil(() => waits.Count(static w => w.IsCompleted) == 7 - left, Patience));
            Assert.Equal((left, 4), (ledger.Waiting.Inside, ledger.Busy));
        }
        await Task.WhenAll(waits);
    }

    [Fact]
    public async Task One_that_was_called_and_is_cancelled_calls_the_next()
    {
        CoreLedger ledger = Ledgers.Own(1);
        ledger.Waiting.Patience = TimeSpan.FromHours(1);
        for (int round = 0; round < 200; round++)
        {
            ledger.EnterBackground(CancellationToken.None);
            using CancellationTokenSource source = new();
            Task cancelled = OwnThread.Run(() => ledger.EnterBackground(source.Token));
            Assert.True(SpinWait.SpinUntil(() => ledger.Waiting.Inside == 1, Patience));
            Task waits = OwnThread.Run(() => ledger.EnterBackground(CancellationToken.None));
            Assert.True(SpinWait.SpinUntil(() => ledger.Waiting.Inside == 2, Patience));
            Task cancels = OwnThread.Run(source.Cancel);
            ledger.LeaveBackground(1);
            await cancels.WaitAsync(Patience);
            // Either may have been faster: then it has the core, and gives it back.
            if (await Record.ExceptionAsync(() => cancelled.WaitAsync(Patience)) is not OperationCanceledException)
                ledger.LeaveBackground(1);
            await waits.WaitAsync(Patience);
            ledger.LeaveBackground(1);
            Assert.Equal((0, 0), (ledger.Waiting.Inside, ledger.Busy));
        }
    }

    [Fact]
    public async Task Stress_of_interrupts_leaves_nobody_in_the_line()
    {
        CoreLedger ledger = Ledgers.Own(1);
        ledger.Waiting.Patience = TimeSpan.FromHours(1);
        using CancellationTokenSource over = new();
        Thread[] threads = new Thread[6];
        using Barrier start = new(threads.Length + 1);
        int hits = 0;
        Task[] tasks = [.. Enumerable.Range(0, threads.Length).Select(number => OwnThread.Run(() =>
        {
            threads[number] = Thread.CurrentThread;
            start.SignalAndWait();
            for (int i = 0; i < 2000; i++)
            {
                try
                {
                    ledger.EnterBackground(CancellationToken.None);
                }
                catch (ThreadInterruptedException)
                {
                    Interlocked.Increment(ref hits);
                    continue;
                }
                Thread.Yield(); // others stand in line meanwhile
                ledger.LeaveBackground(1);
            }
            Volatile.Write(ref threads[number]!, null);
        }))];
        Task interrupts = OwnThread.Run(() =>
        {
            Random random = new(1);
            start.SignalAndWait();
            while (!over.IsCancellationRequested)
            {
                Volatile.Read(ref threads[random.Next(threads.Length)])?.Interrupt();
                Thread.Yield();
            }
        });
        // The task itself may be interrupted at its very end: that is no failure.
        await Task.WhenAny(Task.WhenAll(tasks), Task.Delay(Patience));
        over.Cancel();
        await interrupts;
        Assert.All(tasks, static t => Assert.True(t.IsCompleted));
        Assert.All(tasks.Where(static t => t.IsFaulted), static t => Assert.All(t.Exception!.InnerExceptions, static e => Assert.IsType<ThreadInterruptedException>(e)));
        Assert.True(hits > 100, $"{hits} interrupts in the line");
        Assert.Equal((0, 0), (ledger.Waiting.Inside, ledger.Busy));
    }

    [Fact]
    public async Task Stress_of_many_that_wait_and_some_that_give_up_uses_no_core_twice_and_forgets_nobody()
    {
        const int cores = 3;
        CoreLedger ledger = Ledgers.Own(cores);
        ledger.Waiting.Patience = TimeSpan.FromHours(1);
        int most = 0, done = 0, given = 0;
        Task[] threads = [.. Enumerable.Range(0, 8).Select(number => OwnThread.Run(() =>
        {
            Random random = new(number);
            for (int i = 0; i < 1000; i++)
            {
                // Not disposed: it may be cancelled later than all is over.
                CancellationTokenSource source = new();
                if (random.Next(8) == 0)
                    ThreadPool.UnsafeQueueUserWorkItem(static s => s.Cancel(), source, preferLocal: false);
                try
                {
                    ledger.EnterBackground(source.Token);
                    int busy = ledger.Busy;
                    for (int seen = Volatile.Read(ref most); busy > seen; seen = Volatile.Read(ref most))
                        Interlocked.CompareExchange(ref most, busy, seen);
                    if (random.Next(4) == 0)
                        Thread.Yield();
                    ledger.LeaveBackground(1);
                    Interlocked.Increment(ref done);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref given);
                }
            }
        }))];
        await Task.WhenAll(threads).WaitAsync(Patience);
        Assert.InRange(most, 1, cores);
        Assert.Equal((8000, 0, 0), (done + given, ledger.Waiting.Inside, ledger.Busy));
    }
}
