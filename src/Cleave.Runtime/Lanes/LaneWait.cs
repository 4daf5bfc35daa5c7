using System;
using System.Diagnostics;
using System.Threading;
using Cleave.Elements;

namespace Cleave.Lanes;

/// <summary>
/// How a lane waits for what other lanes do: it spins for a moment where it may, then blocks. A wait that was spun in vain
/// ends the spinning until one was short again. Whoever changes what a lane may wait for calls <see cref="Wake"/> afterwards.
/// </summary>
internal sealed class LaneWait(PlanCall call)
{
    /// <summary>Longer than it takes to wake a core, shorter than anybody would notice.</summary>
    public static readonly long SpinLimit = Stopwatch.Frequency * 3 / 10_000; // 300 µs

    // Not disposed: the lane that wakes may come to it a moment after the wait is over.
    private readonly AutoResetEvent _event = new(false);
    private int _blocked;
    private bool _spins = true;

    /// <summary>
    /// Waits until a value was published in the run of that number, or (null) until the other lanes have ended. False where
    /// <paramref name="step"/> passed in vain. A wait for a value also ends when the request is stopped.
    /// </summary>
    public bool Wait(ResultSlot? value, int run, bool maySpin, TimeSpan step)
    {
        long start = Stopwatch.GetTimestamp();
        if (!(maySpin && _spins && Spin(value, run, start)) && !Block(value, run, step))
            return false;
        _spins = Stopwatch.GetTimestamp() - start < SpinLimit;
        return true;
    }

    /// <summary>Makes the lane look again.</summary>
    public void Wake()
    {
        // Whoever calls has changed something; the lane must see that, or this must see the lane block.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _blocked) != 0 && Interlocked.Exchange(ref _blocked, 0) != 0)
            _event.Set();
    }

    private bool IsOver(ResultSlot? value, int run) => value is null ? call.OthersEnded : value.IsPublished(run) || call.IsStopped;

    private bool Spin(ResultSlot? value, int run, long start)
    {
        while (!IsOver(value, run))
        {
            if (Stopwatch.GetTimestamp() - start > SpinLimit)
                return false;
            Thread.SpinWait(4);
        }
        return true;
    }

    private bool Block(ResultSlot? value, int run, TimeSpan step)
    {
        bool inTime = true;
        while (inTime)
        {
            Interlocked.Exchange(ref _blocked, 1);
            if (IsOver(value, run))
                break;
            inTime = _event.WaitOne(step);
        }
        // Where a wake-up is on its way nevertheless, the next wait looks once more than it had to.
        Interlocked.Exchange(ref _blocked, 0);
        return inTime || IsOver(value, run);
    }
}
