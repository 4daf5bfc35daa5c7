using System;
using System.Diagnostics;
using System.Threading;

namespace Cleave.Workers;

/// <summary>
/// One thread's wait for one wake-up. It blocks on an event of its own, which wakes it in half the time that a monitor
/// takes. Where the last wake-up came soon, it spins for as long as that took at most before it blocks: waking a core
/// that went to sleep costs more than a short model. A wait that was spun in vain ends the spinning, so an idle thread, or one
/// with requests far apart, never spins.
/// </summary>
/// <param name="soon">What is soon, in <see cref="Stopwatch"/> ticks.</param>
internal sealed class WorkerWait(long soon) : IDisposable
{
    private const int Awake = 0;
    private const int Blocked = 1;
    private const int Woken = 2;

    // A process with one core has none to spare: whoever is to wake this thread needs it.
    private static readonly bool MaySpin = Environment.ProcessorCount > 1;

    private readonly AutoResetEvent _event = new(false);
    private int _state;
    private bool _spins;

    /// <summary>Ends the present wait, or the next one if there is none. Once for each wait.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _state, Woken) == Blocked)
            _event.Set();
    }

    /// <summary>Waits for <see cref="Wake"/>. For the one thread that owns this.</summary>
    public void Wait()
    {
        long start = Stopwatch.GetTimestamp();
        bool spun = _spins && Spin(start);
        try
        {
            if (!spun && Interlocked.CompareExchange(ref _state, Blocked, Awake) == Awake)
                _event.WaitOne();
            _spins = MaySpin && Stopwatch.GetTimestamp() - start < soon;
        }
        finally
        {
            // Also where the thread is interrupted. With a full fence: what the caller looks at next must not be older than a wake-up that this takes back.
            Interlocked.Exchange(ref _state, Awake);
        }
    }

    public void Dispose() => _event.Dispose();

    private bool Spin(long start)
    {
        while (Volatile.Read(ref _state) != Woken)
        {
            if (Stopwatch.GetTimestamp() - start > soon)
                return false;
            Thread.SpinWait(8);
        }
        return true;
    }
}
