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

    public void Wait(CancellationToken cancellation = default)
    {
        long start = Stopwatch.GetTimestamp();
        while (!IsDone)
        {
            cancellation.ThrowIfCancellationRequested();
            if (Stopwatch.GetTimestamp() - start < SpinLimit)
                Thread.SpinWait(16);
            else if (cancellation.CanBeCanceled)
                Thread.Sleep(1);
            else
                device.Check(device.Runtime.Wait(handle), "cudaEventSynchronize", name);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            device.Runtime.DestroyEvent(handle);
    }
}
