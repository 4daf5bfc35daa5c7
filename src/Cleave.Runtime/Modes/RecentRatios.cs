using System;
using System.Threading;

namespace Cleave.Modes;

/// <summary>The last few ratios that were measured; their median is what counts. Written under a lock, read without.</summary>
internal sealed class RecentRatios
{
    private const int Kept = 7 * Trial.Measured;
    private const int Enough = 2 * Trial.Measured;

    private readonly double[] _ratios = new double[Kept];
    private int _count;
    private double _median;

    /// <summary>Whether there are as many as are kept.</summary>
    public bool IsComplete => _count >= Kept;

    /// <summary>Null before there are enough.</summary>
    public double? Median => Volatile.Read(ref _median) is > 0 and var median ? median : null;

    /// <summary>Begins with a ratio that was measured well before; what is measured from now on replaces it bit by bit.</summary>
    public void Begin(double ratio)
    {
        for (int i = 0; i < Kept; i++)
            Add(ratio);
    }

    public void Add(double ratio)
    {
        _ratios[_count % Kept] = ratio;
        _count++;
        int kept = Math.Min(_count, Kept);
        if (kept < Enough)
            return;
        Span<double> sorted = stackalloc double[kept];
        _ratios.AsSpan(0, kept).CopyTo(sorted);
        sorted.Sort();
        Volatile.Write(ref _median, sorted[kept / 2]);
    }
}
