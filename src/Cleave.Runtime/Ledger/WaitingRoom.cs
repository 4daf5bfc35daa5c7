using System;
using System.Diagnostics;
using System.Threading;

namespace Cleave.Ledger;

/// <summary>Where requests in the background wait until a core is free, and take it. Thread-safe.</summary>
/// <param name="hasRoom">Whether a core is free.</param>
/// <param name="tryTake">Takes one that is free; false where none is.</param>
internal sealed class WaitingRoom(Func<bool> hasRoom, Func<bool> tryTake)
{
    /// <summary>Where others use the cores all the time, it is the turn of the one that waited for so long.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(1);

    private readonly object _door = new();
    private int _inside;

    /// <summary>How many wait.</summary>
    public int Inside => Volatile.Read(ref _inside);

    /// <summary>Returns when a core is free, which it has taken, or after <see cref="Patience"/>. Whether it has one.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was cancelled.</exception>
    public bool TryTake(CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        if (tryTake())
            return true;
        long start = Stopwatch.GetTimestamp();
        using CancellationTokenRegistration watch = token.UnsafeRegister(static room => ((WaitingRoom)room!).OpenToAll(), this);
        lock (_door)
        {
            // Before the look: whoever makes room looks here afterwards.
            Interlocked.Increment(ref _inside);
            try
            {
                while (true)
                {
                    token.ThrowIfCancellationRequested();
                    if (tryTake())
                        return true;
                    if (Patience - Stopwatch.GetElapsedTime(start) is not { Ticks: > 0 } left)
                        return false;
                    Monitor.Wait(_door, left);
                }
            }
            finally
            {
                Interlocked.Decrement(ref _inside);
                // Also where it was called, and went for another reason.
                if (IsMissed)
                    Monitor.Pulse(_door);
            }
        }
    }

    /// <summary>A request is over. One is called where there is room, and calls the next where there is more.</summary>
    public void Leave()
    {
        // Whoever comes in meanwhile looks again itself, or at the next end of a request.
        if (!IsMissed)
            return;
        lock (_door)
            Monitor.Pulse(_door);
    }

    private bool IsMissed => Inside > 0 && hasRoom();

    private void OpenToAll()
    {
        lock (_door)
            Monitor.PulseAll(_door);
    }
}
