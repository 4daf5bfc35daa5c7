using System;
using System.Diagnostics;
using System.Threading;

namespace Cleave.Ledger;

/// <summary>Where requests in the background wait until a core is free. Thread-safe.</summary>
internal sealed class WaitingRoom(Func<bool> hasRoom)
{
    /// <summary>Where others use the cores all the time, it is the turn of the one that waited for so long.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(1);

    private readonly object _door = new();
    private int _inside;

    /// <summary>How many wait.</summary>
    public int Inside => Volatile.Read(ref _inside);

    /// <summary>Returns when a core is free, or after <see cref="Patience"/>.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was cancelled.</exception>
    public void Await(CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        if (hasRoom())
            return;
        long start = Stopwatch.GetTimestamp();
        using CancellationTokenRegistration watch = token.UnsafeRegister(static room => ((WaitingRoom)room!).Open(), this);
        lock (_door)
        {
            // Before the look: whoever makes room looks here afterwards.
            Interlocked.Increment(ref _inside);
            try
            {
                while (!hasRoom() && !token.IsCancellationRequested && Patience - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } left)
                    Monitor.Wait(_door, left);
            }
            finally
            {
                Interlocked.Decrement(ref _inside);
            }
        }
        token.ThrowIfCancellationRequested();
    }

    /// <summary>A request is over.</summary>
    public void Leave()
    {
        // Whoever comes in meanwhile looks again itself, or at the next end of a request.
        if (Inside > 0)
            Open();
    }

    private void Open()
    {
        lock (_door)
            Monitor.PulseAll(_door);
    }
}
