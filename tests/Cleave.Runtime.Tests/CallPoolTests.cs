using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Calls;
using Cleave.Generated;
using Xunit;

namespace Cleave.Runtime.Tests;

public class CallPoolTests
{
    private const long Megabyte = 1L << 20;

    private readonly List<Buffers> _freed = [];

    [Fact]
    public void Buffers_of_the_same_dimensions_are_used_again()
    {
        CallPool<Buffers> pool = Pool(Megabyte);
        Buffers first = pool.Rent([1, 2]);
        pool.Return(first);

        Assert.Same(first, pool.Rent([1, 2]));
        Assert.NotSame(first, pool.Rent([2, 1]));
        Assert.Equal((0, 2), (pool.Idle, pool.Rented));
    }

    [Fact]
    public void Sizes_that_come_again_in_turn_keep_their_buffers()
    {
        CallPool<Buffers> pool = Pool(5 * Megabyte);
        for (int request = 0; request < 60; request++)
            Use(pool, request % 12);

        // The first round is new; what it made some of them lose comes back in the second.
        int before = _freed.Count;
        Assert.All(Enumerable.Range(0, 12), size => Use(pool, size));
        Assert.Equal((12, before), (pool.Idle, _freed.Count));
    }

    [Fact]
    public void Of_sizes_that_do_not_come_again_the_last_one_stays()
    {
        CallPool<Buffers> pool = Pool(5 * Megabyte);
        for (int size = 0; size < 40; size++)
            Use(pool, size);

        Assert.Equal(1, pool.Idle);
        Buffers last = pool.Rent([39]);
        Assert.DoesNotContain(last, _freed);
    }

    [Fact]
    public void Small_buffers_stay_whatever_their_sizes()
    {
        CallPool<Buffers> pool = Pool(1024);
        for (int size = 0; size < 50; size++)
            Use(pool, size);

        Assert.Equal(50, pool.Idle);
        Assert.Empty(_freed);
    }

    [Fact]
    public void A_burst_of_one_size_is_kept_up_to_the_bound()
    {
        CallPool<Buffers> pool = Pool(Megabyte);
        for (int burst = 0; burst < 3; burst++)
        {
            Buffers[] all = [.. Enumerable.Range(0, 100).Select(_ => pool.Rent([7]))];
            foreach (Buffers buffers in all)
                pool.Return(buffers);
        }
        Assert.Equal((64, 0), (pool.Idle, pool.Rented));
    }

    [Fact]
    public void Two_large_sizes_in_turn_are_both_kept()
    {
        CallPool<Buffers> pool = Pool(200 * Megabyte);
        for (int request = 0; request < 10; request++)
            Use(pool, request % 2);

        int before = _freed.Count;
        for (int request = 0; request < 10; request++)
            Use(pool, request % 2);
        Assert.Equal((2, before), (pool.Idle, _freed.Count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_comes_no_buffers_are_lost_and_the_bounds_hold(int seed)
    {
        Random random = new(seed);
        CallPool<Buffers> pool = Pool(3 * Megabyte);
        List<Buffers> rented = [];
        HashSet<Buffers> all = [];
        for (int step = 0; step < 5000; step++)
        {
            if (rented.Count > 0 && random.Next(2) == 0)
            {
                int at = random.Next(rented.Count);
                pool.Return(rented[at]);
                rented.RemoveAt(at);
            }
            else
            {
                Buffers buffers = pool.Rent([random.Next(1 << random.Next(1, 10))]);
                Assert.DoesNotContain(buffers, rented);
                rented.Add(buffers);
                all.Add(buffers);
            }
            Assert.Equal(rented.Count, pool.Rented);
            Assert.InRange(pool.Idle, 0, 21);
            Assert.Equal(all.Count, rented.Count + pool.Idle + _freed.Count);
        }
        Assert.Equal(_freed.Count, _freed.Distinct().Count());
        pool.Close();
        foreach (Buffers buffers in rented)
            pool.Return(buffers);
        Assert.Equal((0, 0, all.Count), (pool.Idle, pool.Rented, _freed.Count));
    }

    private CallPool<Buffers> Pool(long bytes) => new(dims => new Buffers(dims, bytes, _freed));

    private static void Use(CallPool<Buffers> pool, int size) => pool.Return(pool.Rent([size]));

    private sealed class Buffers(int[] dims, long bytes, List<Buffers> freed) : RequestBuffers("test", dims, [])
    {
        internal override long ByteLength => bytes;

        internal override void Free() => freed.Add(this);

        private protected override void GiveBack()
        {
        }
    }
}
