using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Batching;

/// <summary>
/// What batch size to be ready for, by the sizes that came (Packrat, section 3.6; its simulator's constants): their moving average, rounded down to a power of two;
/// and of the last few such numbers the most frequent. So neither a lone large batch nor an average that wavers between two sizes changes it. Immutable.
/// </summary>
internal sealed class BatchEstimate
{
    /// <summary>The weight of the last size in the average.</summary>
    public const double Newest = 0.1;

    /// <summary>Of how many numbers the most frequent counts.</summary>
    public const int Kept = 10;

    private readonly double _average;
    private readonly int[] _recent;

    private BatchEstimate(double average, int[] recent)
    {
        _average = average;
        _recent = recent;
        // Of those that are equally frequent the latest.
        Size = recent.Length == 0 ? 1 : recent.Select(static (size, place) => (size, place)).GroupBy(static r => r.size)
            .OrderByDescending(static g => g.Count()).ThenByDescending(static g => g.Max(static r => r.place)).First().Key;
    }

    /// <summary>Before anything came.</summary>
    public static BatchEstimate Nothing { get; } = new(0, []);

    /// <summary>The size to be ready for; 1 before anything came.</summary>
    public int Size { get; }

    /// <summary>The estimate after one more size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public BatchEstimate After(int size)
    {
        if (size < 0)
            throw new ArgumentOutOfRangeException(nameof(size));
        double average = _recent.Length == 0 ? size : (Newest * size) + ((1 - Newest) * _average);
        IEnumerable<int> kept = _recent.Skip(Math.Max(0, _recent.Length - Kept + 1));
        return new BatchEstimate(average, [.. kept, Floor(average)]);
    }

    private static int Floor(double average)
    {
        int power = 1;
        while (power <= average / 2)
            power *= 2;
        return power;
    }
}
