using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Ledger;

/// <summary>The recent times of a runner by the dimensions of its requests: a long one says nothing about a short one. Thread-safe.</summary>
internal sealed class DimensionTimes(int modes, int planned)
{
    // Where requests come in more sizes, times are collected anew.
    private const int Most = 256;

    private readonly Dictionary<string, ModeTimes> _times = new(StringComparer.Ordinal);

    public ModeTimes Of(int[] dims)
    {
        string key = string.Join(',', dims);
        lock (_times)
        {
            if (_times.TryGetValue(key, out ModeTimes? times))
                return times;
            if (_times.Count == Most)
                _times.Clear();
            times = new ModeTimes(modes, planned);
            _times.Add(key, times);
            return times;
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
