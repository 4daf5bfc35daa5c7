using System;
using System.Collections.Generic;

namespace Cleave.Core.Passes.Partitions;

/// <summary>Random numbers that are the same for a seed on every platform and in every version (SplitMix64).</summary>
internal sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        ulong z = unchecked(_state += 0x9E3779B97F4A7C15);
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }

    /// <summary>At least 0 and less than <paramref name="count"/>, which is positive.</summary>
    public int Below(int count) => count > 0
        ? (int)(Next() % (ulong)count)
        : throw new ArgumentOutOfRangeException(nameof(count), count, null);

    /// <summary>At least 0 and less than 1.</summary>
    public double Fraction() => (Next() >> 11) * (1.0 / (1UL << 53));

    public void Shuffle<T>(IList<T> items)
    {
        for (int i = items.Count - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
