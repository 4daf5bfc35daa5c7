using System;
using System.Collections.Generic;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Devices;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Emulator;

/// <summary>A tensor in an emulated device's memory: the host sees it only through copies, and what was not copied there is rubbish.</summary>
internal sealed class EmulatedTensor : DeviceTensor
{
    /// <summary>What memory holds that nobody wrote: no number, as floats.</summary>
    public const byte Rubbish = 0xFF;

    private readonly EmulatedDevice _device;
    private readonly OrtValue _memory;
    private int _uses;
    private int _disposed;

    public EmulatedTensor(EmulatedDevice device, string name, ElementType type, IReadOnlyList<long> shape, OrtValue memory)
        : base(device, name, type, shape)
    {
        _device = device;
        _memory = memory;
    }

    /// <summary>Its memory, for the device's own work.</summary>
    public OrtValue Memory => _disposed == 0
        ? _memory
        : throw new InvalidOperationException("The value '" + Name + "' on '" + _device.Name + "' is used after it was freed.");

    public Span<byte> Bytes => Memory.GetTensorMutableRawData();

    /// <summary>As something queued uses it.</summary>
    public void Use() => Interlocked.Increment(ref _uses);

    public void Unuse() => Interlocked.Decrement(ref _uses);

    /// <exception cref="InvalidOperationException">Something queued uses it: on a real device that reads or writes what belongs to others by then.</exception>
    public override void Dispose()
    {
        if (Volatile.Read(ref _uses) > 0)
            throw new InvalidOperationException("The value '" + Name + "' on '" + _device.Name + "' is freed while something queued uses it.");
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _memory.Dispose();
        _device.Free(ByteLength);
    }
}
