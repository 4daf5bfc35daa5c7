using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Tool.Measuring;

/// <summary>Medians, and how far they can be trusted. Nothing here is random: the same samples give the same numbers.</summary>
internal static class Statistics
{
    /// <summary>How sure an interval is, at least, where there are enough values.</summary>
    public const double Certainty = 0.95;

    /// <summary>So many are enough: below, their whole range is less certain than that.</summary>
    public const int LeastValues = 6;

    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The smallest value that at least such a part of all does not exceed: 0.99 for p99.</summary>
    public static double Quantile(IEnumerable<double> values, double part)
    {
        double[] sorted = [.. values.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    /// <summary>
    /// The median with the interval between two of the sorted values, whatever the distribution: a value is above the true
    /// median as a coin falls. With fewer than six values it is all of their range, and less certain.
    /// </summary>
    public static Interval MedianInterval(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int below = ValuesBelow(sorted.Length);
        return new Interval(sorted[below], Median(sorted), sorted[^(below + 1)]);
    }

    // How many values may be left off at each end.
    private static int ValuesBelow(int count)
    {
        double probability = Math.Pow(0.5, count);
        double tail = 0;
        int below = 0;
        while (true)
        {
            // Chance that at most so many values fall on one side of the median.
            tail += probability;
            if (2 * tail > 1 - Certainty || below >= (count - 1) / 2)
                return Math.Max(0, below - 1);
            probability *= (double)(count - below) / (below + 1);
            below++;
        }
    }
}
