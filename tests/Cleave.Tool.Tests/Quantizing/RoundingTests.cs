using System;
using System.Linq;
using Cleave.Core.Passes.Partitions;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Ranges;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>Rounding, as properties over random numbers.</summary>
public sealed class RoundingTests
{
    [Theory]
    [InlineData(7, 63)]
    [InlineData(8, 127)]
    public void A_weight_is_off_by_half_a_step_of_its_channel_at_most(int bits, int largest)
    {
        SeededRandom random = new(1);
        for (int round = 0; round < 200; round++)
        {
            long[] dims = [1 + random.Below(5), 1 + random.Below(6), 1 + random.Below(4)];
            int axis = random.Below(3), count = (int)(dims[0] * dims[1] * dims[2]), inner = (int)dims.Skip(axis + 1).Aggregate(1L, static (a, b) => a * b);
            float[] weights = [.. Enumerable.Range(0, count).Select(_ => random.Below(10) == 0 ? 0 : (float)((random.Fraction() - 0.5) * Math.Pow(10, random.Below(5) - 2)))];

            RoundedWeights rounded = new WeightRounding(bits).Round(weights, dims, axis);

            Assert.Equal(dims[axis], rounded.Scales.Length);
            for (int i = 0; i < count; i++)
            {
                float scale = rounded.Scales[i / inner % dims[axis]];
                Assert.InRange(rounded.Values[i], -largest, largest);
                Assert.InRange(Math.Abs(weights[i] - (rounded.Values[i] * scale)), 0, scale * 0.50001f);
            }
        }
    }

    [Fact]
    public void Two_products_of_seven_bit_weights_and_bytes_fit_sixteen_bits() => Assert.True(2 * 255 * 63 <= short.MaxValue);

    [Fact]
    public void Zero_is_a_byte_and_the_lowest_one_where_nothing_is_negative()
    {
        SeededRandom random = new(2);
        for (int round = 0; round < 1000; round++)
        {
            float low = random.Below(3) == 0 ? 0 : (float)-random.Fraction() * 10, high = (float)random.Fraction() * 10;
            ActivationRange range = new(low, high);
            if (low == 0)
                Assert.Equal(0, range.Zero);
            // What stands for the ends is a step off at most.
            Assert.InRange(Math.Abs(((0 - range.Zero) * range.Scale) - low), 0, range.Scale);
            Assert.InRange(Math.Abs(((255 - range.Zero) * range.Scale) - high), 0, range.Scale);
        }
    }

    [Theory]
    [InlineData(nameof(RangeMethod.MinMax))]
    [InlineData(nameof(RangeMethod.Percentile))]
    [InlineData(nameof(RangeMethod.LeastSquares))]
    public void A_range_has_zero_in_it_and_lies_within_what_occurred(string method)
    {
        SeededRandom random = new(3);
        for (int round = 0; round < 50; round++)
        {
            float[] values = [.. Enumerable.Range(0, 5000).Select(_ => (float)((random.Fraction() - random.Fraction()) * 3))];
            ActivationHistogram histogram = Histogram(values);

            ActivationRange range = histogram.Range(Enum.Parse<RangeMethod>(method));

            Assert.InRange(range.Low, values.Min() - 0.01f, 0);
            Assert.InRange(range.High, 0, values.Max() + 0.01f);
        }
    }

    [Fact]
    public void A_single_outlier_does_not_decide_the_range_of_the_methods_that_cut()
    {
        SeededRandom random = new(4);
        float[] values = [1000, .. Enumerable.Range(0, 100_000).Select(_ => (float)random.Fraction())];

        Assert.Equal(1000, Histogram(values).Range(RangeMethod.MinMax).High);
        Assert.InRange(Histogram(values).Range(RangeMethod.Percentile).High, 0.5f, 2);
    }

    [Fact]
    public void The_least_squared_error_may_cut_an_outlier_that_the_whole_range_pays_for()
    {
        SeededRandom random = new(5);
        ActivationHistogram histogram = Histogram([10, .. Enumerable.Range(0, 100_000).Select(_ => (float)random.Fraction())]);

        Assert.Equal(10, histogram.Range(RangeMethod.MinMax).High);
        // Squared, cutting to a part p of it costs (10 - 10p)², and rounding 12.8p² for all: least at p = 0.886.
        Assert.InRange(histogram.Range(RangeMethod.LeastSquares).High, 8.6f, 9.1f);
    }

    [Fact]
    public void Elements_that_are_not_finite_give_no_range()
    {
        Assert.False(Histogram([1, float.NaN]).IsUsable);
        Assert.False(Histogram([1, float.PositiveInfinity]).IsUsable);
        Assert.Equal(1, Histogram([0, 0]).Range(RangeMethod.MinMax).Scale);
    }

    private static ActivationHistogram Histogram(float[] values)
    {
        ActivationHistogram histogram = new();
        histogram.Widen(values);
        histogram.Count(values);
        return histogram;
    }
}
