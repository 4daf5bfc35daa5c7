using System.Collections.Generic;

namespace Cleave.Core.Batching;

/// <summary>How many threads, or instances, are looked at where every number would be too many.</summary>
internal static class ThreadCounts
{
    /// <summary>Powers of two up to a number, and that number: on six cores 1, 2, 4 and 6.</summary>
    public static IEnumerable<int> UpTo(int most)
    {
        for (int count = 1; count < most; count *= 2)
            yield return count;
        yield return most;
    }
}
