using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading;
using Cleave.Devices;

namespace Cleave.Emulator;

/// <summary>A place in an emulated stream.</summary>
internal sealed class EmulatedEvent(Work work) : IDeviceEvent
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

    // Sleeps until shortly before it is due, so that the thread that waits is neither late nor busy.
    public void Wait(CancellationToken cancellation = default)
    {
        while (!IsDone)
        {
            cancellation.ThrowIfCancellationRequested();
            long due = work.Due;
            long left = due - Stopwatch.GetTimestamp();
            if (due == long.MaxValue)
                PreciseWait.Sleep(Nap);
            else if (left > 2 * PreciseWait.SpinTicks)
                PreciseWait.Sleep(System.Math.Min(left - PreciseWait.SpinTicks, Stopwatch.Frequency / 100));
            else if (left > -PreciseWait.SpinTicks)
                Thread.SpinWait(8);
            else
                Thread.Sleep(0);
        }
    }

    public void Dispose()
    {
    }
}
