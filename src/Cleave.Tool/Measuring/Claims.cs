using System;

namespace Cleave.Tool.Measuring;

/// <summary>When a measured interval bears out what a row of a table says.</summary>
internal static class Claims
{
    /// <summary>
    /// That nothing is lost: false only where the whole interval lies beyond the limit, twice in a row. What was measured
    /// last is returned, too.
    /// </summary>
    public static (Samples Samples, Interval Interval, bool Holds) NoLoss(Func<Samples> measure, Func<Samples, Interval> read, double limit)
    {
        Samples samples = measure();
        Interval interval = read(samples);
        if (!interval.StaysWithin(limit))
        {
            samples = measure();
            interval = read(samples);
        }
        return (samples, interval, interval.StaysWithin(limit));
    }
}
