using System;
using System.Collections.Generic;
using Cleave.Core.Parts;

namespace Cleave.Jobs;

/// <summary>What parts of jobs took lately, by their dimensions and threads; for others, what is predicted, in proportion. Thread-safe.</summary>
internal sealed class MeasuredParts
{
    // Where parts come in more sizes, times are collected anew.
    private const int Most = 1024;

    private readonly Dictionary<string, SortedDictionary<int, double>> _seconds = new(StringComparer.Ordinal);
    private double _perPredicted = 1;
    private bool _isKnown;

    /// <summary>Adds what a part took.</summary>
    /// <param name="dims">Its dimensions.</param>
    /// <param name="threads">The threads that it had.</param>
    /// <param name="seconds">How long it took.</param>
    /// <param name="predicted">What is predicted for it.</param>
    public void Add(int[] dims, int threads, double seconds, PartTimes predicted)
    {
        lock (_seconds)
        {
            if (_seconds.Count == Most)
                _seconds.Clear();
            string key = Key(dims);
            if (!_seconds.TryGetValue(key, out SortedDictionary<int, double>? times))
                _seconds.Add(key, times = []);
            times[threads] = times.TryGetValue(threads, out double recent) ? Follow(recent, seconds) : seconds;
            double ratio = seconds / predicted.At(threads);
            _perPredicted = _isKnown ? Follow(_perPredicted, ratio) : ratio;
            _isKnown = true;
        }
    }

    /// <summary>What a part of these dimensions takes.</summary>
    /// <param name="dims">The dimensions.</param>
    /// <param name="counts">The thread counts that are of interest, rising from 1.</param>
    /// <param name="predicted">What is predicted for it.</param>
    public PartTimes Of(int[] dims, int[] counts, PartTimes predicted)
    {
        lock (_seconds)
        {
            _seconds.TryGetValue(Key(dims), out SortedDictionary<int, double>? times);
            return new PartTimes(counts, Array.ConvertAll(counts, count => Time(times, count, predicted)));
        }
    }

    // In proportion to the nearest number of threads that is known; of equally near ones the smaller.
    private double Time(SortedDictionary<int, double>? times, int threads, PartTimes predicted)
    {
        if (times is null)
            return predicted.At(threads) * _perPredicted;
        int nearest = 0;
        foreach (int count in times.Keys)
        {
            if (nearest == 0 || Math.Abs(count - threads) < Math.Abs(nearest - threads))
                nearest = count;
        }
        return times[nearest] * (predicted.At(threads) / predicted.At(nearest));
    }

    // A thread that lost its core for a while takes many times as long: that says little about the part.
    private static double Follow(double recent, double now) => recent + ((Math.Min(now, 2 * recent) - recent) / 4);

    private static string Key(int[] dims) => string.Join(',', dims);
}
