using System;
using System.Threading;

namespace Cleave.Tool.Rewriting;

/// <summary>
/// Large arrays that are left after one look. The collector sees an empty heap and none of the memory of sessions, and would let
/// hundreds of megabytes of them lie.
/// </summary>
internal static class LeftArrays
{
    private const long Most = 32 << 20;

    private static long _bytes;

    /// <summary>So many bytes more are not needed any longer, or soon will not be.</summary>
    public static void Add(long bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) >= Most)
            Collect();
    }

    /// <summary>Gives all of them back.</summary>
    public static void Collect()
    {
        Interlocked.Exchange(ref _bytes, 0);
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
    }
}
