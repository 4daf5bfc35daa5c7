using System;
using System.Threading;

namespace Cleave.Devices;

/// <summary>
/// Work of a device, done in the order in which it was queued, beside that of other streams. Queueing does not wait for it. Whoever reads what a copy writes,
/// or changes what a copy reads, waits first. Used by one thread at a time.
/// </summary>
internal interface IDeviceStream : IDisposable
{
    IDevice Device { get; }

    /// <summary>Queues a copy onto the device; both have the same number of bytes.</summary>
    void CopyToDevice(HostTensor from, DeviceTensor to);

    /// <summary>Queues a copy from the device; both have the same number of bytes.</summary>
    void CopyToHost(DeviceTensor from, HostTensor to);

    /// <summary>Marks this place in the queue.</summary>
    IDeviceEvent Record();

    /// <summary>What is queued from now on starts once the event, of any stream of the device, has come to pass.</summary>
    void After(IDeviceEvent happened);

    /// <summary>Waits until all that was queued is done.</summary>
    /// <exception cref="DeviceLostException">The device was lost.</exception>
    /// <exception cref="DeviceMemoryException">Some of it found no room.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; the work goes on.</exception>
    void Synchronize(CancellationToken cancellation = default);
}
