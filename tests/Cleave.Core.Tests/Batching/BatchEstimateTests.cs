using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Xunit;

namespace Cleave.Core.Tests.Batching;

/// <summary>What batch size is expected next.</summary>
public sealed class BatchEstimateTests
{
    [Fact]
    public void Before_anything_came_it_is_one() => Assert.Equal([1], Ready(new BatchEstimate()));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(16, 16)]
    [InlineData(31, 16)]
    [InlineData(int.MaxValue, 1 << 30)]
    public void Of_one_size_all_the_time_it_is_the_power_of_two_below(int size, int expected)
    {
        Assert.Equal([expected], Ready(After(Enumerable.Repeat(size, 20))));
        Assert.Equal([expected], Ready(After([size])));
    }

    [Fact]
    public void A_lone_large_batch_changes_nothing() =>
        Assert.Equal([8], Ready(After([.. Enumerable.Repeat(9, 20), 64, .. Enumerable.Repeat(9, 20)])));

    [Fact]
    public void A_lasting_change_is_followed_once_it_has_lasted()
    {
        BatchEstimate estimate = After(Enumerable.Repeat(8, 50));
        List<int> sizes = [];
        for (int i = 0; i < 40; i++)
        {
            estimate.Add(64);
            sizes.Add(Assert.Single(Ready(estimate)));
        }
        Assert.Equal(8, sizes[4]);
        Assert.Equal(64, sizes[BatchEstimate.Kept / 2]);
        Assert.Equal([8, 64], sizes.Distinct());
    }

    [Fact]
    public void After_one_batch_of_another_size_it_is_the_one_that_comes_from_then_on() =>
        Assert.Equal([64], Ready(After([8, .. Enumerable.Repeat(64, 20)])));

    [Fact]
    public void A_smaller_last_batch_now_and_then_changes_nothing() =>
        Assert.Equal([64], Ready(After(Enumerable.Range(0, 200).Select(static i => i % 16 == 15 ? 40 : 64))));

    [Fact]
    public void Of_two_sizes_it_is_the_one_that_comes_more_often_not_one_between_them()
    {
        BatchEstimate estimate = After(Enumerable.Range(0, 200).Select(static i => i % 10 is 2 or 5 or 8 ? 128 : 16));
        Assert.Equal([16], Ready(estimate));
        // To run it, 31 is as 16.
        Assert.True(estimate.IsReady(31));
        Assert.False(estimate.IsReady(32));
    }

    [Fact]
    public void Where_two_sizes_come_in_turns_it_stays_one_of_them()
    {
        BatchEstimate estimate = After(Enumerable.Repeat(16, 20));
        List<int> sizes = [];
        for (int i = 0; i < 200; i++)
        {
            estimate.Add(i % 2 == 0 ? 64 : 16);
            sizes.Add(Assert.Single(Ready(estimate)));
        }
        Assert.Equal([16], sizes.Distinct());
    }

    [Fact]
    public void A_negative_size_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new BatchEstimate().Add(-1));

    // The powers of two that it is ready for.
    private static IEnumerable<int> Ready(BatchEstimate estimate) => Enumerable.Range(0, 31).Select(static power => 1 << power).Where(estimate.IsReady);

    private static BatchEstimate After(IEnumerable<int> sizes)
    {
        BatchEstimate estimate = new();
        foreach (int size in sizes)
            estimate.Add(size);
        return estimate;
    }
}
