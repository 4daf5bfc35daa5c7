using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Calls;

namespace Cleave.Ledger;

/// <summary>The recent times of a runner by the dimensions of its requests: a long one says nothing about a short one. Thread-safe.</summary>
internal sealed class DimensionTimes(int modes, int planned)
{
    // Where requests come in more sizes, times are collected anew.
    private const int Most = 256;

    private readonly Dictionary<int[], ModeTimes> _times = new(DimensionsComparer.Instance);
    private Func<int[], double?[]?> _known = static _ => null;

    public ModeTimes Of(int[] dims)
    {
        lock (_times)
        {
            if (_times.TryGetValue(dims, out ModeTimes? times))
                return times;
            if (_times.Count == Most)
                _times.Clear();
            times = new ModeTimes(modes, planned);
            if (_known(dims) is { } relative)
                times.Begin(relative);
            _times.Add(dims, times);
            return times;
        }
    }

    /// <summary>Begins with what tuning measured.</summary>
    /// <param name="known">For requests of these dimensions, how many times as long each mode takes as the last one; null where nothing is known.</param>
    public void Begin(Func<int[], double?[]?> known)
    {
        lock (_times)
        {
            _known = known;
            foreach ((int[] dims, ModeTimes times) in _times)
            {
                if (known(dims) is { } relative)
                    times.Begin(relative);
            }
        }
    }

    /// <summary>How many times as long a mode takes as the last one: of the sets of dimensions where that is known, the middle one.</summary>
    public double? Relative(int mode)
    {
        ModeTimes[] all;
        lock (_times)
            all = [.. _times.Values];
        double[] known = [.. all.Select(times => times.Relative(mode)).OfType<double>().Order()];
        return known.Length == 0 ? null : known[known.Length / 2];
    }
}
