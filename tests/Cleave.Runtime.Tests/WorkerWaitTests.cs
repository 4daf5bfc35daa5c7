using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Runtime.Tests.Support;
using Cleave.Workers;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>No wake-up is lost, whether the waiting thread spins or blocks when it comes.</summary>
public sealed class WorkerWaitTests
{
    private const long Soon = 50_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_wake_up_that_came_before_the_wait_ends_it()
    {
        using WorkerWait wait = new(Soon);
        wait.Wake();
        await Task.Run(wait.Wait).WaitAsync(Limit);
    }

    [Fact]
    public void A_wait_that_was_interrupted_does_not_end_the_next_one()
    {
        using WorkerWait wait = new(Soon);
        bool isInterrupted = false;
        Thread thread = new(() =>
        {
            try
            {
                wait.Wait();
            }
            catch (ThreadInterruptedException)
            {
                Volatile.Write(ref isInterrupted, true);
                wait.Wait();
            }
        });
        thread.Start();
        thread.Interrupt();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref isInterrupted), Limit));
        Assert.False(thread.Join(TimeSpan.FromMilliseconds(100)));
        wait.Wake();
        Assert.True(thread.Join(Limit));
    }

    [Fact]
    public async Task Two_threads_that_wake_each_other_never_miss()
    {
        const int Turns = 2_000;
        using WorkerWait ping = new(Soon), pong = new(Soon);
        Task other = OwnThread.Run(
            () =>
            {
                for (int i = 0; i < Turns; i++)
                {
                    ping.Wait();
                    Delay(i * 7);
                    pong.Wake();
                }
            });
        Task one = OwnThread.Run(
            () =>
            {
                for (int i = 0; i < Turns; i++)
                {
                    Delay(i * 13);
                    ping.Wake();
                    pong.Wait();
                }
            });
        await Task.WhenAll(one, other).WaitAsync(Limit);
    }

    // From nothing to well over the time for which a wait spins, so that wake-ups meet it spinning, blocking and in between.
    private static void Delay(int seed)
    {
        if (seed % 100 == 0)
            Thread.SpinWait(seed % 10_000);
        else
            Thread.SpinWait(seed % 50);
    }
}
