using System;
using System.Threading;
using Cleave.Core.Graph;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Devices.Dispatch;

/// <summary>
/// Where copies of a value arrive in the host's memory, for one call. The lane that launches queues a copy and then publishes the value; whoever receives it waits for the copy.
/// </summary>
internal sealed class Landing : IDisposable
{
    private HostTensor? _memory;
    private IDeviceEvent? _arrival;

    /// <summary>What arrived.</summary>
    public OrtValue Tensor => Memory.Value;

    public HostTensor Memory => _memory ?? throw new InvalidOperationException("A value was read before it was copied from the device.");

    /// <summary>Memory of that shape, for the next copy. While nobody waits for or reads the last one.</summary>
    public HostTensor Prepare(IDevice device, ElementType type, long[] shape)
    {
        if (_memory is { } present && DeviceSide.Same(present.Shape, shape))
            return present;
        _memory?.Dispose();
        _memory = null;
        return _memory = device.AllocateHost(type, shape);
    }

    /// <summary>The copy is queued, and done at that event; which is this object's from now on.</summary>
    public void Queued(IDeviceEvent arrival) => Volatile.Write(ref _arrival, arrival);

    /// <summary>Waits until the copy has arrived.</summary>
    /// <exception cref="DeviceException">It will not.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public void Wait(CancellationToken cancellation) => Volatile.Read(ref _arrival)!.Wait(cancellation);

    /// <summary>Before the next request, when nobody waits any more.</summary>
    public void Forget()
    {
        _arrival?.Dispose();
        _arrival = null;
    }

    public void Dispose()
    {
        Forget();
        _memory?.Dispose();
    }
}
