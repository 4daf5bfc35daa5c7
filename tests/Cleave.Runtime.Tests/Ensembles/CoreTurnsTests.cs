using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Ensembles;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>Instances share the cores of their ensemble.</summary>
public sealed class CoreTurnsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_wide_one_is_not_passed_by_narrow_ones()
    {
        CoreTurns turns = new(2);
        turns.Enter(1);
        Task wide = OwnThread.Run(() => turns.Enter(2));
        Assert.True(SpinWait.SpinUntil(() => turns.Waiting == 1, Patience));
        // There is a core for it, but the wide one came first.
        Task narrow = OwnThread.Run(() => turns.Enter(1));
        Assert.True(SpinWait.SpinUntil(() => turns.Waiting == 2, Patience));
        turns.Leave(1);
        await wide.WaitAsync(Patience);
        Assert.Equal(1, turns.Waiting);
        turns.Leave(2);
        await narrow.WaitAsync(Patience);
    }

    [Fact]
    public async Task Stress_of_all_widths_never_takes_more_than_there_is()
    {
        CoreTurns turns = new(4);
        int taken = 0, most = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => OwnThread.Run(() =>
        {
            Random random = new(i);
            for (int k = 0; k < 2000; k++)
            {
                // 7 counts as all.
                int threads = random.Next(1, 8);
                turns.Enter(threads);
                int now = Interlocked.Add(ref taken, Math.Min(threads, 4));
                InterlockedMax(ref most, now);
                Interlocked.Add(ref taken, -Math.Min(threads, 4));
                turns.Leave(threads);
            }
        }))).WaitAsync(Patience);
        Assert.InRange(most, 4, 4);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (int seen = Volatile.Read(ref most); value > seen; seen = Volatile.Read(ref most))
            Interlocked.CompareExchange(ref most, value, seen);
    }

}
