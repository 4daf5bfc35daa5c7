using System;
using System.Diagnostics;
using System.Threading;

namespace Cleave.Devices.Cuda;

/// <summary>A CUDA event.</summary>
internal sealed class CudaEvent(CudaDevice device, string name, nint handle) : IDeviceEvent
{
    // As long as it takes a core to wake.
    private static readonly long SpinLimit = Stopwatch.Frequency / 10_000; // 100 µs
    private int _disposed;

    public nint Handle => handle;

    public bool IsDone
    {
        get
        {
            int error = device.Use().Query(handle);
            if (error == CudaRuntime.NotReady)
                return false;
            device.Check(error, "cudaEventQuery", name);
            return true;
        }
    }

    public void Wait(CancellationToken cancellation = default) =>
        Wait(() => IsDone, () => device.Check(device.Runtime.Wait(handle), "cudaEventSynchronize", name), cancellation);

    /// <summary>
    /// Spins for a while, and then blocks until the device is done. CUDA's blocking waits cannot be cancelled; a request that is cancelled would have to wait for what is
    /// queued all the same, before its memory can be used again. What bounds them is that: finite work, and a device that is lost ends them with an error.
    /// </summary>
    internal static void Wait(Func<bool> isDone, Action block, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        while (!isDone())
        {
            cancellation.ThrowIfCancellationRequested();
            if (Stopwatch.GetTimestamp() - start < SpinLimit)
                Thread.SpinWait(16);
            else
                block();
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            device.ToFree().DestroyEvent(handle);
    }
}
