using System;
using System.Threading;

namespace Cleave.Modes;

/// <summary>Where there are as many sessions of several threads as there may be, others take their place: the runner is opened anew with them, once for each engine. Thread-safe.</summary>
internal sealed class SessionExchange
{
    // So many exchanges make the next one rarer, and no more.
    private const int MostPatience = 10;

    private int _done;
    private int _full;

    /// <summary>Called once, with the threads of the sessions that are missed, and what to call where there is no memory for them: then again, when they are missed more often.</summary>
    public Action<int[], Action>? Reconfigures { get; set; }

    /// <summary>
    /// How often it was done for requests that met, in the engines before, too: the next exchange waits about twice as long each time, so that a load that jumps to and fro does not
    /// keep the runner busy.
    /// </summary>
    public int Exchanges { get; set; }

    /// <summary>For a division. False where it was done already.</summary>
    /// <param name="threads">The threads of the sessions that are missed.</param>
    /// <param name="postponed">Called where there is no memory for them now.</param>
    public bool TryFor(int[] threads, Action postponed)
    {
        if (Interlocked.Exchange(ref _done, 1) != 0)
            return false;
        Reconfigures?.Invoke(threads, () =>
        {
            Volatile.Write(ref _done, 0);
            postponed();
        });
        return true;
    }

    /// <summary>For requests that meet. False where it was done already, or it is too early.</summary>
    /// <param name="threads">The threads of the sessions that are missed.</param>
    /// <param name="postponed">Called where there is no memory for them now.</param>
    public bool TryForRequests(int[] threads, Action postponed)
    {
        if (Interlocked.Increment(ref _full) <= Exchanges || Volatile.Read(ref _done) != 0)
            return false;
        int before = Exchanges;
        Exchanges = Math.Min(before + 1, MostPatience);
        return TryFor(threads, () =>
        {
            // It was not done.
            Exchanges = before;
            postponed();
        });
    }
}
