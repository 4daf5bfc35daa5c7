using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Ledger;

/// <summary>The recent times of a runner by the dimensions of its requests: a long one says nothing about a short one. Thread-safe.</summary>
internal sealed class DimensionTimes(int modes, int planned)
{
    // Where requests come in more sizes, times are collected anew.
    private const int Most = 256;

    private readonly Dictionary<string, (int[] Dims, ModeTimes Times)> _times = new(StringComparer.Ordinal);
    private Func<int[], double?[]?> _known = static _ => null;

    public ModeTimes Of(int[] dims)
    {
        string key = string.Join(',', dims);
        lock (_times)
        {
            if (_times.TryGetValue(key, out (int[] Dims, ModeTimes Times) found))
                return found.Times;
            if (_times.Count == Most)
                _times.Clear();
            ModeTimes times = new(modes, planned);
            if (_known(dims) is { } relative)
                times.Begin(relative);
            _times.Add(key, (dims, times));
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
            foreach ((int[] dims, ModeTimes times) in _times.Values)
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
            all = [.. _times.Values.Select(static t => t.Times)];
        double[] known = [.. all.Select(times => times.Relative(mode)).OfType<double>().Order()];
        return known.Length == 0 ? null : known[known.Length / 2];
    }
}
