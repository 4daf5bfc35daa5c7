using System.Linq;
using Cleave.Core.Cost;
using Xunit;

namespace Cleave.Core.Tests.Cost;

/// <summary>Between measured points, predictions are interpolated: exact at them, and sober elsewhere.</summary>
public sealed class InterpolationTests
{
    [Fact]
    public void A_curve_goes_through_its_points_and_rises_with_them()
    {
        Curve curve = new([1000, 10, 100], [900, 20, 100]);

        Assert.Equal([20, 100, 900], new double[] { 10, 100, 1000 }.Select(curve.At));
        double[] values = [.. Enumerable.Range(1, 2000).Select(i => curve.At(i))];
        Assert.Equal(values.Order(), values);
    }

    [Fact]
    public void A_curve_is_flat_before_its_first_point_and_proportional_after_its_last()
    {
        Curve curve = new([10, 100], [20, 100]);

        Assert.Equal(20, curve.At(1));
        Assert.Equal(300, curve.At(300), 9);
    }

    [Fact]
    public void A_surface_goes_through_its_points()
    {
        double[][] sizes = [[16, 16, 49], [64, 16, 49], [16, 256, 784], [512, 512, 49], [64, 64, 3136]];
        double[] values = [3, 1, 4, 1.5, 9];
        Surface surface = new(sizes, values);

        for (int i = 0; i < values.Length; i++)
            Assert.Equal(values[i], surface.At(sizes[i]), 1e-4);
    }

    [Fact]
    public void A_surface_over_equal_numbers_is_that_number_everywhere()
    {
        Surface surface = new([[1, 64], [128, 64], [1, 2048]], [7, 7, 7]);

        Assert.Equal(7, surface.At([30, 500]), 1e-9);
        Assert.Equal(7, surface.At([1e6, 1e6]), 1e-9);
    }

    [Fact]
    public void A_surface_far_from_all_points_stays_within_what_was_measured()
    {
        Surface surface = new([[1, 64], [128, 64], [1, 2048], [128, 2048]], [1, 2, 3, 4]);

        Assert.InRange(surface.At([1e9, 1e9]), 1, 4);
    }

    [Fact]
    public void Points_given_twice_do_not_break_a_surface()
    {
        Surface surface = new([[8, 8], [8, 8], [64, 64]], [2, 4, 6]);

        Assert.InRange(surface.At([8, 8]), 2, 4);
    }
}
