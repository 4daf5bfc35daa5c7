using System;
using System.Diagnostics;
using System.Threading;
using Cleave.Elements;

namespace Cleave.Lanes;

/// <summary>
/// How a lane waits for what other lanes do: it spins for a moment where it may, then blocks. A wait that was spun in vain
/// ends the spinning until one was short again. Whoever changes what a lane may wait for calls <see cref="Wake(ResultSlot?)"/> afterwards.
/// </summary>
internal sealed class LaneWait(PlanCall call)
{
    /// <summary>How long a thread without work spins. Longer than it takes to wake a core, shorter than anybody would notice.</summary>
    public static readonly long SpinLimit = Stopwatch.Frequency * 3 / 10_000; // 300 µs

    // Within a request: as long as most segments take that another lane is at. To be woken at each chunk of a recurrence costs it some percent.
    private static readonly long ValueLimit = Stopwatch.Frequency / 1000; // 1 ms

    // The lane that launches on a device has no core of its own: spinning for long, it would keep one from the lanes that compute.
    private readonly long _limit = call.Device is null ? ValueLimit : SpinLimit;

    // Not disposed: the lane that wakes may come to it a moment after the wait is over.
    private readonly AutoResetEvent _event = new(false);
    // What the lane is blocked for: a value, or this object itself for the end of the others. Null where it is not blocked.
    private object? _blocked;
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
        _spins = Stopwatch.GetTimestamp() - start < _limit;
        return true;
    }

    /// <summary>Ends the lane's wait for that value, or (null) for the end of the others. One that waits for something else sleeps on.</summary>
    public void Wake(ResultSlot? value)
    {
        object what = value ?? (object)this;
        // Whoever calls has changed something; the lane must see that, or this must see the lane block.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _blocked) == what && Interlocked.CompareExchange(ref _blocked, null, what) == what)
            _event.Set();
    }

    /// <summary>Makes the lane look again, whatever it waits for.</summary>
    public void Wake()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _blocked) != null && Interlocked.Exchange(ref _blocked, null) != null)
            _event.Set();
    }

    private bool IsOver(ResultSlot? value, int run) => value is null ? call.OthersEnded : value.IsPublished(run) || call.IsStopped;

    private bool Spin(ResultSlot? value, int run, long start)
    {
        while (!IsOver(value, run))
        {
            if (Stopwatch.GetTimestamp() - start > _limit)
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
            Interlocked.Exchange(ref _blocked, value ?? (object)this);
            if (IsOver(value, run))
                break;
            inTime = _event.WaitOne(step);
        }
        // Where a wake-up is on its way nevertheless, the next wait looks once more than it had to.
        Interlocked.Exchange(ref _blocked, null);
        return inTime || IsOver(value, run);
    }
}
