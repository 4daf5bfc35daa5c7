using System.Threading;

namespace Cleave.Ensembles.Serving;

/// <summary>A segment's place among those that may be under way: given back when no member has anything of it left. Thread-safe.</summary>
/// <param name="room">The places.</param>
/// <param name="parts">Its parts: one for each member.</param>
internal sealed class SegmentPlace(SemaphoreSlim room, int parts)
{
    private int _open = parts;

    /// <summary>A part was split.</summary>
    public void More() => Interlocked.Increment(ref _open);

    /// <summary>A part is over.</summary>
    public void Over()
    {
        if (Interlocked.Decrement(ref _open) == 0)
            room.Release();
    }
}
