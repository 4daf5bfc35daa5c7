using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Calls;

namespace Cleave.Modes;

/// <summary>
/// How the modes of a runner compare, measured on requests that are alone: by the size of the request, for what more threads gain depends on how much there is to do.
/// Requests are of one size where less than a factor of 1.5 lies between what is expected for them, so sizes that come once (images of any size, sentences of
/// any length) teach about others. Thread-safe.
/// </summary>
internal sealed class RunnerTimes
{
    // Where requests come in more sets of dimensions, what each took itself is collected anew.
    private const int MostDims = 256;

    // From one size to the next.
    private static readonly double Step = Math.Log(1.5);

    // What was measured speaks for sizes up to five times as large or small that were not.
    private const int Near = 4;

    private readonly object _lock = new();
    private readonly int _modes;
    private readonly int _planned;
    private readonly Func<int[], double> _expected;
    private readonly ModeTrials _trials;
    private readonly Dictionary<int[], RequestTimes> _requests = new(DimensionsComparer.Instance);
    // Walked by position: an enumerator would be an allocation in a request.
    private readonly SortedList<int, ModeTimes> _sizes = [];
    private Func<int[], double?[]?> _known = static _ => null;

    /// <param name="modes">How many there are, by falling cores; the last one is the measure of the others.</param>
    /// <param name="planned">The one that is predicted to be the best.</param>
    /// <param name="expected">How long a request of these dimensions takes in the last mode, in any unit; positive.</param>
    public RunnerTimes(int modes, int planned, Func<int[], double> expected)
    {
        _modes = modes;
        _planned = planned;
        _expected = expected;
        _trials = new ModeTrials(modes, _lock, Share);
    }

    /// <summary>Those of requests of these dimensions.</summary>
    public RequestTimes Of(int[] dims)
    {
        double expected = _expected(dims);
        lock (_lock)
        {
            if (_requests.TryGetValue(dims, out RequestTimes? times))
                return times;
            if (_requests.Count == MostDims)
                _requests.Clear();
            times = new RequestTimes(_trials, SizeOf(expected, dims), expected, _modes);
            _requests.Add(dims, times);
            return times;
        }
    }

    /// <summary>Begins with what tuning measured.</summary>
    /// <param name="known">For requests of these dimensions, how many times as long each mode takes as the last one; null where nothing is known.</param>
    public void Begin(Func<int[], double?[]?> known)
    {
        lock (_lock)
        {
            _known = known;
            foreach (ModeTimes size in _sizes.Values)
                Begin(size);
            Share();
        }
    }

    /// <summary>How many times as long a mode takes as the last one: of the sizes where that was measured, the middle one.</summary>
    public double? Relative(int mode)
    {
        ModeTimes[] all;
        lock (_lock)
            all = [.. _sizes.Values];
        double[] known = [.. all.Select(size => size.Measured(mode)).OfType<double>().Order()];
        return known.Length == 0 ? null : known[known.Length / 2];
    }

    private ModeTimes SizeOf(double expected, int[] dims)
    {
        int key = (int)Math.Round(Math.Log(expected) / Step);
        if (_sizes.TryGetValue(key, out ModeTimes? size))
            return size;
        _sizes.Add(key, size = new ModeTimes(_modes, _planned, dims));
        Begin(size);
        ShareWith(key, size);
        return size;
    }

    private void Begin(ModeTimes size)
    {
        if (_known(size.Dims) is { } relative)
            size.Begin(relative);
    }

    // Each size hears of what was measured.
    private void Share()
    {
        for (int i = 0; i < _sizes.Count; i++)
            ShareWith(_sizes.GetKeyAtIndex(i), _sizes.GetValueAtIndex(i));
    }

    private void ShareWith(int key, ModeTimes size)
    {
        for (int mode = 0; mode < _modes - 1; mode++)
        {
            int nearest = Near + 1;
            for (int i = 0; i < _sizes.Count; i++)
            {
                int distance = Math.Abs(_sizes.GetKeyAtIndex(i) - key);
                if (distance < nearest && _sizes.GetValueAtIndex(i).Measured(mode) is { } relative)
                {
                    nearest = distance;
                    size.Assume(mode, relative);
                }
            }
        }
    }
}
