using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using Cleave.Workers;

namespace Cleave.Ledger;

/// <summary>Where requests in the background wait in line until a core is free, and take it. Thread-safe.</summary>
/// <param name="hasRoom">Whether a core is free.</param>
/// <param name="tryTake">Takes one that is free; false where none is.</param>
internal sealed class WaitingRoom(Func<bool> hasRoom, Func<bool> tryTake)
{
    /// <summary>Where others use the cores all the time, it is the turn of the one that waited for so long.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(1);

    // Each has a bell of its own: only the first in line takes a core.
    private readonly LinkedList<ManualResetEventSlim> _line = [];
    private int _inside;

    /// <summary>How many wait.</summary>
    public int Inside => Volatile.Read(ref _inside);

    /// <summary>Returns when a core is free, which it has taken, or after <see cref="Patience"/>. Whether it has one.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="token"/> was cancelled.</exception>
    public bool TryTake(CancellationToken token)
    {
        token.ThrowIfCancellationRequested();
        // Those that wait come first: a client that comes back at once would otherwise be faster than one that has to wake up.
        if (Inside == 0 && tryTake())
            return true;
        long start = Stopwatch.GetTimestamp();
        using ManualResetEventSlim bell = new(initialState: false, spinCount: 0);
        LinkedListNode<ManualResetEventSlim> place = Enter(bell);
        try
        {
            while (true)
            {
                bell.Reset();
                if (IsFirst(place) && tryTake())
                    return true;
                if (Patience - Stopwatch.GetElapsedTime(start) is not { Ticks: > 0 } left || !bell.Wait(left, token))
                    return false;
            }
        }
        finally
        {
            Exit(place);
        }
    }

    /// <summary>A request is over. The first in line is called where there is room, and calls the next where there is more.</summary>
    public void Leave()
    {
        // Whoever comes in meanwhile looks again itself, or at the next end of a request.
        if (!IsMissed)
            return;
        using (new PatientLock(_line))
            _line.First?.Value.Set();
    }

    private bool IsMissed => Inside > 0 && hasRoom();

    // Before the look: whoever makes room looks here afterwards.
    private LinkedListNode<ManualResetEventSlim> Enter(ManualResetEventSlim bell)
    {
        lock (_line)
        {
            Interlocked.Increment(ref _inside);
            return _line.AddLast(bell);
        }
    }

    private bool IsFirst(LinkedListNode<ManualResetEventSlim> place)
    {
        lock (_line)
            return _line.First == place;
    }

    // Also where it was called, and goes for another reason. An interrupt must not leave it in the line: nobody would come after it.
    private void Exit(LinkedListNode<ManualResetEventSlim> place)
    {
        using (new PatientLock(_line))
        {
            _line.Remove(place);
            Interlocked.Decrement(ref _inside);
            if (IsMissed)
                _line.First?.Value.Set();
        }
    }
}
