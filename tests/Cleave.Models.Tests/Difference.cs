using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.TestKit.Generation;
using Xunit;

namespace Cleave.Models.Tests;

/// <summary>How far two results are apart.</summary>
internal static class Difference
{
    /// <summary>The largest difference, relative to the range of the expected output, that ONNX Runtime's own optimisations may make.</summary>
    public const double Tolerance = 1e-5;

    public static void AssertNone(IReadOnlyDictionary<string, TensorData> expected, IReadOnlyDictionary<string, TensorData> actual)
    {
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach ((string name, TensorData tensor) in expected)
        {
            double difference = Relative(tensor, actual[name]);
            Assert.True(difference <= Tolerance, $"{name} differs by {difference:g3} of its range");
        }
    }

    private static double Relative(TensorData expected, TensorData actual)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        float[] one = expected.As<float>(), other = actual.As<float>();
        Assert.Equal(one.Length, other.Length);
        double largest = 0;
        for (int i = 0; i < one.Length; i++)
        {
            Assert.True(float.IsFinite(one[i]), "the reference is not finite, so it proves nothing");
            double difference = Math.Abs((double)one[i] - other[i]);
            // Written so that a NaN counts as a difference.
            if (!(difference <= largest))
                largest = double.IsNaN(difference) ? double.PositiveInfinity : difference;
        }
        double range = one.Length == 0 ? 0 : Math.Max(one.Max() - (double)one.Min(), one.Max(v => Math.Abs((double)v)));
        return largest == 0 ? 0 : largest / range;
    }
}
