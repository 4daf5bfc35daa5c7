using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Diagnostics;

/// <summary>Finds what somebody may have meant by a name that does not exist.</summary>
internal static class NearestNames
{
    // Longer names are compared with nothing: models come from anywhere, and the time must stay bounded.
    private const int LongestName = 200;
    private const int MostEdits = 10;

    /// <summary>The names that few edits lead to, or that hold the wanted one; the nearest first.</summary>
    public static IEnumerable<string> Of(string wanted, IEnumerable<string> names)
    {
        if (wanted.Length is 0 or > LongestName)
            return [];
        int limit = Math.Min(MostEdits, Math.Max(2, wanted.Length / 3));
        List<(int Distance, string Name)> found = [];
        foreach (string name in names)
        {
            if (name.Length is > 0 and <= LongestName && Distance(wanted, name, limit) is { } distance)
                found.Add((distance, name));
        }
        return found.OrderBy(f => f.Distance).ThenBy(f => f.Name, StringComparer.Ordinal).Select(f => f.Name);
    }

    /// <summary>The names that at most so many edits lead to, whatever the case of their letters; the nearest first.</summary>
    public static IEnumerable<string> Within(string wanted, IEnumerable<string> names, int edits) => wanted.Length is 0 or > LongestName
        ? []
        : names.Where(n => n.Length is > 0 and <= LongestName)
            .Select(n => (Distance: Edits(wanted.ToLowerInvariant(), n.ToLowerInvariant(), edits), Name: n))
            .Where(f => f.Distance is not null)
            .OrderBy(f => f.Distance).ThenBy(f => f.Name, StringComparer.Ordinal).Select(f => f.Name);

    private static int? Distance(string wanted, string name, int limit)
    {
        if (wanted.Length > 2 && name.IndexOf(wanted, StringComparison.OrdinalIgnoreCase) >= 0)
            return name.Length - wanted.Length;
        return Math.Abs(name.Length - wanted.Length) > limit ? null : Edits(wanted, name, limit);
    }

    // Levenshtein's distance, one row of its table at a time, and of that only what lies within the limit of the diagonal.
    private static int? Edits(string a, string b, int limit)
    {
        int[] row = new int[b.Length + 1];
        for (int j = 0; j < row.Length; j++)
            row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int first = Math.Max(1, i - limit), last = Math.Min(b.Length, i + limit);
            int diagonal = row[first - 1], least = limit + 1;
            row[first - 1] = first == 1 ? i : limit + 1;
            for (int j = first; j <= last; j++)
            {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = j == i + limit ? limit + 1 : row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(diagonal, row[j - 1]));
                least = Math.Min(least, row[j]);
            }
            if (least > limit)
                return null;
        }
        return row[b.Length] <= limit ? row[b.Length] : null;
    }
}
