using System;
using System.Collections.Generic;
using Cleave.Calls;
using Cleave.Core.Parts;
using Cleave.Modes;

namespace Cleave.Jobs;

/// <summary>What parts of jobs took lately, by their dimensions and threads; for others, what is predicted, in proportion. Thread-safe.</summary>
internal sealed class MeasuredParts
{
    // Where parts come in more sizes, times are collected anew.
    private const int Most = 1024;

    private readonly Dictionary<int[], SortedDictionary<int, double>> _taken = new(DimensionsComparer.Instance);
    private double _perPredicted = 1;
    private bool _isKnown;

    /// <summary>Adds what a part took.</summary>
    /// <param name="dims">Its dimensions.</param>
    /// <param name="threads">The threads that it had.</param>
    /// <param name="microseconds">How long it took.</param>
    /// <param name="predicted">What is predicted for it.</param>
    public void Add(int[] dims, int threads, double microseconds, PartTimes predicted)
    {
        lock (_taken)
        {
            if (_taken.Count == Most)
                _taken.Clear();
            if (!_taken.TryGetValue(dims, out SortedDictionary<int, double>? times))
                _taken.Add(dims, times = []);
            times[threads] = times.TryGetValue(threads, out double recent) ? RecentTime.Next(recent, microseconds) : microseconds;
            double ratio = microseconds / predicted.At(threads);
            _perPredicted = _isKnown ? RecentTime.Next(_perPredicted, ratio) : ratio;
            _isKnown = true;
        }
    }

    /// <summary>What a part of these dimensions takes.</summary>
    /// <param name="dims">The dimensions.</param>
    /// <param name="counts">The thread counts that are of interest, rising from 1.</param>
    /// <param name="predicted">What is predicted for it.</param>
    public PartTimes Of(int[] dims, int[] counts, PartTimes predicted)
    {
        lock (_taken)
        {
            _taken.TryGetValue(dims, out SortedDictionary<int, double>? times);
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
}
