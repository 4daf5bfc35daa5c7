using System;
using System.Collections.Generic;

namespace Cleave.Calls;

/// <summary>Compares the dimensions of calls, for tables of what is known of each.</summary>
internal sealed class DimensionsComparer : IEqualityComparer<int[]>
{
    public static readonly DimensionsComparer Instance = new();

    private DimensionsComparer()
    {
    }

    public bool Equals(int[]? one, int[]? other) => one.AsSpan().SequenceEqual(other);

    public int GetHashCode(int[] dims)
    {
        HashCode hash = default;
        foreach (int size in dims)
            hash.Add(size);
        return hash.ToHashCode();
    }
}
