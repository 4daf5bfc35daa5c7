using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading;
using Cleave.Devices;

namespace Cleave.Emulator;

/// <summary>A place in an emulated stream.</summary>
internal sealed class EmulatedEvent(Work work, WorkClock clock) : IDeviceEvent
{
    private static readonly long Nap = Stopwatch.Frequency / 20_000; // 50 µs

    public Work Work => work;

    public bool IsDone
    {
        get
        {
            if (!work.IsDone)
                return false;
            if (work.Failure is { } failure)
                ExceptionDispatchInfo.Throw(failure);
            return true;
        }
    }

    // Sleeps until some time before it is due, and then looks at the clock itself, as a driver does: a thread that has to be woken is late.
    public void Wait(CancellationToken cancellation = default)
    {
        while (true)
        {
            clock.Advance();
            if (IsDone)
                return;
            cancellation.ThrowIfCancellationRequested();
            long due = clock.Earliest(work);
            long left = due - Stopwatch.GetTimestamp();
            if (due == long.MaxValue)
                PreciseWait.Sleep(Nap);
            else if (left > 4 * PreciseWait.SpinTicks)
                PreciseWait.Sleep(System.Math.Min(left - (2 * PreciseWait.SpinTicks), Stopwatch.Frequency / 100));
            else
                SpinUntil(due);
        }
    }

    private static void SpinUntil(long due)
    {
        while (Stopwatch.GetTimestamp() < due)
            Thread.SpinWait(8);
    }

    public void Dispose()
    {
    }
}
