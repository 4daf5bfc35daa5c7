using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Cores;
using Cleave.Ledger;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>What the ledger offers a request, by what else runs and ran.</summary>
public sealed class CoreLedgerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ManualClock _clock = new();
    private int _cores = 16;

    [Fact]
    public void A_request_that_is_alone_may_take_all_cores()
    {
        CoreLedger ledger = Ledger();
        for (int i = 0; i < 3; i++)
        {
            long start = ledger.Now;
            Share share = ledger.Enter(start);
            Assert.Equal(new Share(16, 1), share);
            ledger.Take(15);
            Assert.Equal((1, 16), (ledger.InFlight, ledger.Busy));
            _clock.Pass(1);
            Assert.True(ledger.Leave(16, start, ledger.Now));
        }
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [Fact]
    public void Requests_that_run_together_get_equal_shares()
    {
        CoreLedger ledger = Ledger();
        Assert.Equal(16, ledger.Enter(ledger.Now).Cores);
        Assert.Equal(8, ledger.Enter(ledger.Now).Cores);
        Assert.Equal(5, ledger.Enter(ledger.Now).Cores);
        Assert.Equal(4, ledger.Enter(ledger.Now).Cores);
        // The first took what it was offered: what is left is less than a share.
        ledger.Take(12);
        Assert.Equal(1, ledger.Enter(ledger.Now).Cores);
    }

    [Fact]
    public void More_requests_than_cores_get_one_each_and_none_waits()
    {
        CoreLedger ledger = Ledger();
        for (int i = 0; i < 200; i++)
            Assert.Equal(Math.Max(1, i < 16 ? 16 / (i + 1) : 1), ledger.Enter(ledger.Now).Cores);
        Assert.False(ledger.HasRoom);
        for (int i = 0; i < 200; i++)
            ledger.Leave(1, ledger.Now);
        _clock.Pass(31);
        Assert.True(ledger.HasRoom);
        Assert.Equal(new Share(16, 1), ledger.Enter(ledger.Now));
    }

    [Fact]
    public void What_ran_a_moment_ago_still_counts()
    {
        CoreLedger ledger = Ledger();
        long start = ledger.Now;
        ledger.Enter(start);
        ledger.Enter(start);
        _clock.Pass(5);
        Assert.False(ledger.Leave(1, start, ledger.Now));
        Assert.False(ledger.Leave(1, start, ledger.Now));
        _clock.Pass(29);
        Assert.Equal(new Share(8, 2), ledger.Enter(ledger.Now));
        Assert.False(ledger.Leave(1, ledger.Now, ledger.Now));
        _clock.Pass(1);
        Share later = ledger.Enter(ledger.Now);
        Assert.True(later.IsAlone);
        Assert.Equal(16, later.Cores);
    }

    [Fact]
    public void A_request_that_another_one_joined_was_not_alone()
    {
        CoreLedger ledger = Ledger();
        Assert.True(ledger.Enter(ledger.Now).IsAlone);
        ledger.Enter(ledger.Now);
        ledger.Leave(1, ledger.Now);
        Assert.False(ledger.Leave(1, ledger.Now, ledger.Now));
    }

    /// <summary>Its time says nothing of its mode, however long ago the other one ended.</summary>
    [Fact]
    public void Nor_was_a_long_one_that_another_one_joined_in_its_first_half()
    {
        CoreLedger ledger = Ledger();
        long start = ledger.Now;
        Assert.True(ledger.Enter(start).IsAlone);
        _clock.Pass(10);
        ledger.Enter(ledger.Now);
        _clock.Pass(40);
        ledger.Leave(1, ledger.Now);
        _clock.Pass(50);
        Assert.False(ledger.Leave(1, start, ledger.Now));
        // What came before says nothing against the next.
        start = ledger.Now;
        Assert.True(ledger.Enter(start).IsAlone);
        _clock.Pass(100);
        Assert.True(ledger.Leave(1, start, ledger.Now));
    }

    [Fact]
    public void One_in_the_background_takes_a_core_and_nobody_counts_it()
    {
        CoreLedger ledger = Ledger();
        ledger.EnterBackground();
        Share share = ledger.Enter(ledger.Now);
        Assert.Equal(new Share(15, 1), share);
        Assert.True(ledger.Leave(1, ledger.Now, ledger.Now));
        ledger.LeaveBackground(1);
        Assert.Equal(0, ledger.Busy);
    }

    [Fact]
    public async Task In_the_background_one_waits_for_a_core()
    {
        _cores = 2;
        CoreLedger ledger = Ledger();
        ledger.EnterBackground(CancellationToken.None);
        ledger.Enter(ledger.Now);
        Task waits = Task.Run(() => ledger.EnterBackground(CancellationToken.None));
        while (ledger.Waiting.Inside == 0 && !waits.IsCompleted)
            await Task.Yield();
        ledger.Leave(1, ledger.Now);
        await waits.WaitAsync(Patience);
        Assert.Equal((0, 2), (ledger.Waiting.Inside, ledger.Busy));
    }

    [Fact]
    public async Task Waiting_in_the_background_ends_with_patience_or_cancellation()
    {
        _cores = 1;
        CoreLedger ledger = Ledger();
        ledger.Enter(ledger.Now);
        // However long this machine takes until it is cancelled.
        TimeSpan patience = ledger.Waiting.Patience;
        ledger.Waiting.Patience = TimeSpan.FromHours(1);
        using CancellationTokenSource source = new();
        Task cancelled = Task.Run(() => ledger.EnterBackground(source.Token));
        while (ledger.Waiting.Inside == 0 && !cancelled.IsCompleted)
            await Task.Yield();
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(Patience));
        ledger.Waiting.Patience = patience;
        // Nobody makes room: after its patience it goes in all the same.
        await Task.Run(() => ledger.EnterBackground(CancellationToken.None)).WaitAsync(Patience);
        Assert.Equal((0, 2), (ledger.Waiting.Inside, ledger.Busy));
    }

    [Fact]
    public void Cores_are_counted_again_while_requests_come()
    {
        CoreCount count = new(() => new CoreBudget(_cores, "test", null), _clock);
        CoreLedger ledger = new(count, _clock);
        Assert.Equal(16, ledger.Enter(ledger.Now).Cores);
        ledger.Leave(1, ledger.Now);
        _cores = 4;
        _clock.Pass(1001);
        ledger.Leave(1, Again().Start);
        Assert.True(SpinWait.SpinUntil(() => count.Now == 4, Patience));
        Assert.Equal(4, Again().Share.Cores);
        _cores = 16;
        count.Read();
        Assert.Equal(16, ledger.Cores.Now);

        (Share Share, long Start) Again()
        {
            long now = ledger.Now;
            return (ledger.Enter(now), now);
        }
    }

    [Fact]
    public void Whatever_comes_and_goes_at_once_is_counted()
    {
        CoreLedger ledger = Ledger();
        Parallel.For(0, 8, thread =>
        {
            Random random = new(thread);
            for (int i = 0; i < 20_000; i++)
            {
                Share share = ledger.Enter(ledger.Now);
                Assert.InRange(share.Cores, 1, 16);
                int take = random.Next(share.Cores);
                ledger.Take(take);
                _clock.Pass(0.01);
                ledger.Leave(take + 1, ledger.Now);
            }
        });
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    private CoreLedger Ledger() => new(new CoreCount(() => new CoreBudget(_cores, "test", null), _clock), _clock);
}
