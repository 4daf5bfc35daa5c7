using System;

namespace Cleave.Core.Parts;

/// <summary>What a part of a job is expected to take, T(part, threads), in any unit. Immutable.</summary>
internal sealed class PartTimes
{
    private readonly int[] _counts;
    private readonly double[] _times;

    /// <param name="counts">Thread counts, rising from 1.</param>
    /// <param name="times">By count; positive.</param>
    public PartTimes(int[] counts, double[] times)
    {
        if (counts.Length != times.Length || counts.Length == 0 || counts[0] != 1)
            throw new ArgumentException("There is one time for each thread count, from 1 on.", nameof(counts));
        _counts = counts;
        _times = times;
    }

    /// <summary>What it takes on one thread.</summary>
    public double Alone => _times[0];

    /// <summary>What it takes with so many threads. Between known counts it falls as a power of them; beyond the last, nothing more is gained.</summary>
    public double At(int threads)
    {
        int last = _counts.Length - 1;
        if (threads >= _counts[last])
            return _times[last];
        int at = 0;
        while (_counts[at + 1] <= threads)
            at++;
        if (_counts[at] == threads)
            return _times[at];
        double share = Math.Log((double)threads / _counts[at]) / Math.Log((double)_counts[at + 1] / _counts[at]);
        return _times[at] * Math.Pow(_times[at + 1] / _times[at], share);
    }
}
