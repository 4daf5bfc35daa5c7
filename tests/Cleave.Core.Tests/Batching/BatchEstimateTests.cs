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
    public void Before_anything_came_it_is_one() => Assert.Equal(1, new BatchEstimate().Size);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(16, 16)]
    [InlineData(31, 16)]
    [InlineData(int.MaxValue, 1 << 30)]
    public void Of_one_size_all_the_time_it_is_the_power_of_two_below(int size, int expected)
    {
        Assert.Equal(expected, After(Enumerable.Repeat(size, 20)).Size);
        Assert.Equal(expected, After([size]).Size);
    }

    [Fact]
    public void A_lone_large_batch_changes_nothing() =>
        Assert.Equal(8, After([.. Enumerable.Repeat(9, 20), 64, .. Enumerable.Repeat(9, 20)]).Size);

    [Fact]
    public void A_lasting_change_is_followed_once_it_has_lasted()
    {
        BatchEstimate estimate = After(Enumerable.Repeat(8, 50));
        List<int> sizes = [];
        for (int i = 0; i < 40; i++)
        {
            estimate.Add(64);
            sizes.Add(estimate.Size);
        }
        Assert.Equal(8, sizes[4]);
        // The average is below 64 for good, as it comes from below.
        Assert.Equal(32, sizes[^1]);
        Assert.Equal(sizes.Order(), sizes);
    }

    [Fact]
    public void An_average_that_is_above_a_power_of_two_for_a_moment_changes_nothing()
    {
        // With 40, the average is 16.6, 16.3 and 16.1, then 15.9.
        BatchEstimate estimate = After(Enumerable.Repeat(14, 20));
        foreach (int size in (int[])[40, .. Enumerable.Repeat(14, 20)])
        {
            estimate.Add(size);
            Assert.Equal(8, estimate.Size);
        }
    }

    [Fact]
    public void A_negative_size_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new BatchEstimate().Add(-1));

    private static BatchEstimate After(IEnumerable<int> sizes)
    {
        BatchEstimate estimate = new();
        foreach (int size in sizes)
            estimate.Add(size);
        return estimate;
    }
}
