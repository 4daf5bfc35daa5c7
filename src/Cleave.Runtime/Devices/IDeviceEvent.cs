using System;
using System.Threading;

namespace Cleave.Devices;

/// <summary>A place in a stream's queue. Thread-safe.</summary>
internal interface IDeviceEvent : IDisposable
{
    /// <summary>Whether all before it is done.</summary>
    /// <exception cref="DeviceException">What came before it failed.</exception>
    bool IsDone { get; }

    /// <summary>Waits until all before it is done.</summary>
    /// <exception cref="DeviceException">What came before it failed.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled; the work goes on.</exception>
    void Wait(CancellationToken cancellation = default);
}
