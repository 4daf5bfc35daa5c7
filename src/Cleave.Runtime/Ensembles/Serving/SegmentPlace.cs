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
            GiveBack();
    }

    // However often its thread is interrupted meanwhile: who waits for the place has nothing else.
    private void GiveBack()
    {
        bool isInterrupted = false;
        while (true)
        {
            try
            {
                room.Release();
                break;
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
            }
        }
        if (isInterrupted)
            Thread.CurrentThread.Interrupt();
    }
}
