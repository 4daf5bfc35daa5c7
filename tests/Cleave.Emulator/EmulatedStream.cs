using System;
using System.Collections.Generic;
using System.Threading;
using Cleave.Devices;

namespace Cleave.Emulator;

/// <summary>A stream of an emulated device.</summary>
internal sealed class EmulatedStream(EmulatedDevice device, string name) : IDeviceStream
{
    private readonly List<Work> _after = [];
    private int _isClosed;

    public IDevice Device => device;

    public void CopyToDevice(HostTensor from, DeviceTensor to)
    {
        EmulatedTensor target = device.Own(to);
        Check(from, target);
        // Read as late as a device might: whoever changes the source meanwhile has copied rubbish.
        Copy(DeviceEngine.ToDevice, target, () => from.Bytes.CopyTo(target.Bytes));
    }

    public void CopyToHost(DeviceTensor from, HostTensor to)
    {
        EmulatedTensor source = device.Own(from);
        Check(to, source);
        // Whoever reads it before it is there shall see that.
        to.Bytes.Fill(EmulatedTensor.Rubbish);
        Copy(DeviceEngine.ToHost, source, () => source.Bytes.CopyTo(to.Bytes));
    }

    public IDeviceEvent Record()
    {
        Work mark = new(name, null, 0, 0);
        Add(mark);
        return new EmulatedEvent(mark, device.Clock);
    }

    public void After(IDeviceEvent happened) => _after.Add(((EmulatedEvent)happened).Work);

    public void Synchronize(CancellationToken cancellation = default)
    {
        try
        {
            Record().Wait(cancellation);
        }
        catch (CleaveException)
        {
            // It was told: what is queued from now on has nothing to do with it.
            _after.Clear();
            throw;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) == 0)
            device.Close(this);
    }

    public void Add(Work work)
    {
        device.Clock.Queue(work, _after);
        _after.Clear();
        _after.Add(work);
    }

    private void Copy(DeviceEngine engine, EmulatedTensor tensor, Action effect)
    {
        device.ThrowIfLost(tensor.Name);
        double time = device.Profile.CopyTime(tensor.ByteLength, engine == DeviceEngine.ToDevice);
        bool isLost = device.Faults.Strikes(FaultKind.LostAtCopy);
        tensor.Use();
        Add(new Work(tensor.Name, engine, tensor.ByteLength, EmulatedDevice.Ticks(time), Effect, tensor.Unuse));

        void Effect()
        {
            if (isLost)
                throw device.Lose(tensor.Name);
            effect();
        }
    }

    private static void Check(HostTensor host, EmulatedTensor tensor)
    {
        if (host.ByteLength != tensor.ByteLength)
            throw new ArgumentException("The value '" + tensor.Name + "' has " + tensor.ByteLength + " bytes on the device, and " + host.ByteLength + " on the host.");
    }
}
