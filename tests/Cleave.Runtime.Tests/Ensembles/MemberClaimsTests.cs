using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Ensembles;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Ensembles;

/// <summary>Threads that share a request's members.</summary>
public sealed class MemberClaimsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_thread_takes_what_it_ran_last_and_then_what_is_left()
    {
        MemberClaims claims = new([7, 8, 7, 8, 0]);
        Assert.Equal(-1, claims.Take(7));
        claims.Open();
        Assert.Equal([1, 3, 0], new[] { claims.Take(8), claims.Take(8), claims.Take(8) });
        Assert.Equal([2, 4, -1], new[] { claims.Take(7), claims.Take(7), claims.Take(7) });
        // Each is where it ran last from now on.
        claims.Open();
        Assert.Equal([2, 4, 0], new[] { claims.Take(7), claims.Take(7), claims.Take(7) });
        Assert.Equal([1, 3, -1], new[] { claims.Take(8), claims.Take(8), claims.Take(8) });
    }

    [Fact]
    public void What_took_longest_goes_first()
    {
        MemberClaims claims = new(new int[3]);
        new[] { 2, 0, 1 }.CopyTo(claims.Order, 0);
        claims.Open();
        Assert.Equal([2, 0, 1, -1], new[] { claims.Take(1), claims.Take(1), claims.Take(1), claims.Take(1) });
    }

    [Fact]
    public async Task Stress_of_threads_takes_each_member_once()
    {
        const int members = 9, threads = 4, rounds = 5000;
        MemberClaims claims = new(new int[members]);
        int[] taken = new int[members];
        using Barrier round = new(threads, _ => claims.Open());
        await Task.WhenAll(Enumerable.Range(1, threads).Select(thread => OwnThread.Run(() =>
        {
            for (int i = 0; i < rounds; i++)
            {
                Assert.True(round.SignalAndWait(Patience));
                for (int member = claims.Take(thread); member >= 0; member = claims.Take(thread))
                    Interlocked.Increment(ref taken[member]);
            }
        }))).WaitAsync(Patience);
        Assert.All(taken, t => Assert.Equal(rounds, t));
    }
}
