using System;
using System.Linq;
using Cleave.Tool.Measuring;
using Xunit;

namespace Cleave.Tool.Tests.Measuring;

public sealed class StatisticsTests
{
    [Theory]
    [InlineData(new double[] { 3, 1, 2 }, 2)]
    [InlineData(new double[] { 4, 1, 3, 2 }, 2.5)]
    [InlineData(new double[] { 7 }, 7)]
    public void The_median_is_in_the_middle(double[] values, double median) => Assert.Equal(median, Statistics.Median(values));

    [Fact]
    public void A_quantile_is_a_value_that_so_many_do_not_exceed()
    {
        double[] values = [.. Enumerable.Range(1, 1000).Select(i => (double)i)];

        Assert.Equal(990, Statistics.Quantile(values, 0.99));
        Assert.Equal(1, Statistics.Quantile(values, 0));
        Assert.Equal(1000, Statistics.Quantile(values, 1));
    }

    // Of 20 values the binomial distribution leaves 5 off at each end: 95.9 %. With 4 left off of 19: 98.1 %; 5 would be 93.6 %.
    [Theory]
    [InlineData(20, 6, 15)]
    [InlineData(6, 1, 6)]
    [InlineData(9, 2, 8)]
    [InlineData(40, 14, 27)]
    [InlineData(5, 1, 5)]
    [InlineData(1, 1, 1)]
    public void The_interval_lies_between_the_values_that_the_binomial_distribution_names(int count, double low, double high)
    {
        Interval interval = Statistics.MedianInterval(Enumerable.Range(1, count).Reverse().Select(i => (double)i));

        Assert.Equal((low, high), (interval.Low, interval.High));
    }

    // Skewed, as times are: 95 % certainty is what the name says, whatever the distribution.
    [Theory]
    [InlineData(20)]
    [InlineData(41)]
    public void The_interval_contains_the_true_median_as_often_as_it_says(int rounds)
    {
        const int Trials = 4000;
        Random random = new(1);
        double truth = Math.Log(2);

        int contained = Enumerable.Range(0, Trials)
            .Count(_ => Statistics.MedianInterval(Enumerable.Range(0, rounds).Select(_ => -Math.Log(1 - random.NextDouble()))).Contains(truth));

        Assert.InRange(contained / (double)Trials, 0.945, 0.985);
    }

    [Fact]
    public void A_gain_holds_with_its_lower_bound_and_a_loss_is_one_only_with_all_of_the_interval()
    {
        Interval interval = new(0.98, 1.04, 1.10);

        Assert.True(interval.Gains(0.98));
        Assert.False(interval.Gains(1.0));
        Assert.True(interval.StaysWithin(1.0));
        Assert.False(interval.StaysWithin(0.97));
    }

    [Theory]
    [InlineData(new[] { 1.2, 1.0 }, 2, true)]
    [InlineData(new[] { 1.2, 1.2 }, 2, false)]
    [InlineData(new[] { 1.0, 1.2 }, 1, true)]
    public void A_loss_is_measured_once_more_before_it_is_called_one(double[] lows, int measured, bool holds)
    {
        int calls = 0;
        Samples none = new(new System.Collections.Generic.Dictionary<string, Block[]>());

        var result = Claims.NoLoss(() => none, _ => new Interval(lows[calls++], 1.5, 2), limit: 1.05);

        Assert.Equal((holds, measured), (result.Holds, calls));
    }
}
