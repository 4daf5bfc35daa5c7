using System;
using System.Collections.Generic;
using System.Threading;

namespace Cleave.Modes;

/// <summary>How the modes of a runner compare for requests of one size, and which is the best by that. Written under the lock of <see cref="RunnerTimes"/>, read without.</summary>
/// <param name="modes">How many there are, by falling cores; the last one is the measure of the others.</param>
/// <param name="planned">The one that is predicted to be the best.</param>
/// <param name="dims">The dimensions of one of these requests.</param>
internal sealed class ModeTimes(int modes, int planned, int[] dims)
{
    /// <summary>More cores must take less than this part of the time: a gain of nothing is not worth the cores.</summary>
    public const double Worth = 0.95;

    private readonly double[] _fresh = new double[modes];
    private readonly double[] _assumed = new double[modes];
    private readonly RecentRatios[] _comparisons = NewComparisons(modes);

    /// <summary>The dimensions of one of these requests.</summary>
    public int[] Dims => dims;

    /// <summary>How many requests of this size came alone.</summary>
    public long Requests { get; set; }

    /// <summary>The mode that was the best when the last one came.</summary>
    public int Current { get; set; } = -1;

    /// <summary>What a request whose dimensions are new took lately in a mode, in units of what was expected for it; null before there is one.</summary>
    public double? Fresh(int mode) => _fresh[mode] is > 0 and var units ? units : null;

    /// <summary>Adds what such a request took.</summary>
    public void AddFresh(int mode, double units) => _fresh[mode] = _fresh[mode] == 0 ? units : RecentTime.Next(_fresh[mode], units);

    /// <summary>How many times as long a mode takes as the last one; null where that was not measured.</summary>
    public double? Measured(int mode) => mode == modes - 1 ? 1 : _comparisons[mode].Median;

    /// <summary>The same; where it was not measured, as it was for requests of a size near this one, or null.</summary>
    public double? Relative(int mode) => Measured(mode) ?? (Volatile.Read(ref _assumed[mode]) is > 0 and var ratio ? ratio : null);

    /// <summary>Whether something was measured for requests of a size near this one, or this one.</summary>
    public bool IsAssumed => Array.Exists(_assumed, static ratio => ratio > 0);

    /// <summary>Whether the current mode was compared with that one as often as can be kept.</summary>
    public bool IsComplete(int mode) => _comparisons[mode == modes - 1 ? Current : mode].IsComplete;

    /// <summary>Takes what was measured for a size near this one.</summary>
    public void Assume(int mode, double relative) => Volatile.Write(ref _assumed[mode], relative);

    /// <summary>Begins with what was measured before: how many times as long each mode takes as the last one, null where that is not known.</summary>
    public void Begin(IReadOnlyList<double?> relative)
    {
        for (int mode = 0; mode < modes - 1; mode++)
        {
            if (relative[mode] is { } ratio)
                _comparisons[mode].Begin(ratio);
        }
    }

    /// <summary>Adds how many times as long a request took in a mode as in the current one.</summary>
    public void Compare(int mode, double ratio)
    {
        if (mode == modes - 1)
            _comparisons[Current].Add(1 / ratio);
        else if (Measured(Current) is { } relative)
            _comparisons[mode].Add(ratio * relative);
    }

    /// <summary>Of the open modes from <paramref name="first"/> on the best; -1 where none is open.</summary>
    public int Best(bool[] open, int first)
    {
        int best = -1;
        for (int mode = modes - 1; mode >= first; mode--)
        {
            if (Volatile.Read(ref open[mode]) && (best < 0 || IsWorth(mode, best)))
                best = mode;
        }
        return best;
    }

    // What was not compared yet goes by the plan.
    private bool IsWorth(int wide, int narrow)
    {
        if (Relative(wide) is not { } relative)
            return wide >= planned;
        return Relative(narrow) is not { } than || relative < Worth * than;
    }

    private static RecentRatios[] NewComparisons(int count)
    {
        RecentRatios[] comparisons = new RecentRatios[count];
        for (int i = 0; i < count; i++)
            comparisons[i] = new RecentRatios();
        return comparisons;
    }
}
