using System.Globalization;

namespace Cleave.Tool.Measuring;

/// <summary>A median, and between which bounds it lies with at least 95 % certainty.</summary>
/// <param name="Low">The lower bound.</param>
/// <param name="Median">What the samples say.</param>
/// <param name="High">The upper bound.</param>
internal readonly record struct Interval(double Low, double Median, double High)
{
    /// <summary>A gain is claimed: true where even the lower bound reaches it.</summary>
    public bool Gains(double atLeast) => Low >= atLeast;

    /// <summary>No loss is claimed: false only where the whole interval lies beyond the limit.</summary>
    public bool StaysWithin(double limit) => Low <= limit;

    public bool Contains(double value) => Low <= value && value <= High;

    /// <summary>Its width as a part of the median.</summary>
    public double Width => (High - Low) / Median;

    /// <summary>Every bound divided.</summary>
    public Interval Over(double divisor) => new(Low / divisor, Median / divisor, High / divisor);

    /// <summary>As a ratio: <c>1.02x [0.99, 1.05]</c>.</summary>
    public string AsRatio() => string.Create(CultureInfo.InvariantCulture, $"{Median:0.000}x [{Low:0.000}, {High:0.000}]");
}
