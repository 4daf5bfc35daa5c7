using System;
using System.Linq;
using Cleave.Core.Parts;
using Xunit;

namespace Cleave.Core.Tests.Parts;

/// <summary>Threads for parts that all start at once.</summary>
public sealed class ThreadSharesTests
{
    [Theory]
    // The published example, by the largest remainder.
    [InlineData(new double[] { 512, 128, 64, 64 }, 16, new[] { 11, 3, 1, 1 })]
    [InlineData(new double[] { 64, 64, 128, 512 }, 16, new[] { 1, 1, 3, 11 })]
    [InlineData(new double[] { 1, 1, 1 }, 16, new[] { 6, 5, 5 })]
    [InlineData(new double[] { 5 }, 16, new[] { 16 })]
    [InlineData(new double[] { 0, 0 }, 4, new[] { 2, 2 })]
    // The light ones have one each, and the others give theirs back.
    [InlineData(new double[] { 1000, 1000, 1, 1, 1 }, 6, new[] { 2, 1, 1, 1, 1 })]
    [InlineData(new double[] { 1, 100, 50, 1, 1, 1 }, 8, new[] { 1, 3, 1, 1, 1, 1 })]
    // More parts than cores: one each, although that is more than there are.
    [InlineData(new double[] { 9, 1, 1 }, 2, new[] { 1, 1, 1 })]
    public void In_proportion_to_the_weights(double[] weights, int cores, int[] threads) => Assert.Equal(threads, ThreadShares.Proportional(weights, cores));

    [Fact]
    public void A_giant_among_as_many_as_leave_it_one()
    {
        double[] weights = [1000, .. Enumerable.Repeat(1.0, 14)];
        Assert.Equal([2, .. Enumerable.Repeat(1, 14)], ThreadShares.Proportional(weights, 16));
    }

    [Theory]
    [InlineData(new double[] { 1, 9, 5 }, 16, new[] { 5, 6, 5 })]
    [InlineData(new double[] { 1, 9, 5 }, 5, new[] { 1, 2, 2 })]
    [InlineData(new double[] { 1, 9, 5 }, 3, new[] { 1, 1, 1 })]
    [InlineData(new double[] { 1, 9, 5 }, 1, new[] { 1, 1, 1 })]
    public void The_same_for_each(double[] weights, int cores, int[] threads) => Assert.Equal(threads, ThreadShares.Equal(weights, cores));

    [Fact]
    public void All_cores_are_given_and_none_twice_and_heavier_parts_have_no_fewer()
    {
        Random random = new(3);
        for (int i = 0; i < 2000; i++)
        {
            int cores = random.Next(1, 65);
            double[] weights = [.. Enumerable.Range(0, random.Next(1, 40)).Select(_ => Math.Exp(random.NextDouble() * 8))];
            foreach (int[] threads in (int[][])[ThreadShares.Proportional(weights, cores), ThreadShares.Equal(weights, cores)])
            {
                Assert.All(threads, t => Assert.InRange(t, 1, cores));
                Assert.Equal(Math.Max(cores, weights.Length), threads.Sum());
                for (int a = 0; a < weights.Length; a++)
                    Assert.All(Enumerable.Range(0, weights.Length), b => Assert.True(weights[a] <= weights[b] || threads[a] >= threads[b]));
            }
            Assert.Equal(ThreadShares.Proportional(weights, cores), ThreadShares.Proportional(weights, cores));
        }
    }
}
