using System.Collections.Generic;
using System.Threading;
using Cleave.Core.Graph;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Devices.Cuda;

/// <summary>A tensor in a GPU's memory.</summary>
/// <param name="device">The GPU.</param>
/// <param name="name">What it holds.</param>
/// <param name="type">Its elements.</param>
/// <param name="shape">Its shape.</param>
/// <param name="value">What sessions are bound to; disposed of with this.</param>
/// <param name="address">Its memory; 0 where <paramref name="value"/> has its own.</param>
internal sealed class CudaTensor(CudaDevice device, string name, ElementType type, IReadOnlyList<long> shape, OrtValue value, nint address)
    : DeviceTensor(device, name, type, shape)
{
    private int _disposed;

    public OrtValue Value => value;

    /// <summary>Where it lies, for copies.</summary>
    public unsafe nint Address
    {
        get
        {
            if (address != 0)
                return address;
            // Not looked into: only where it begins.
            fixed (byte* start = value.GetTensorMutableRawData())
                return (nint)start;
        }
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        value.Dispose();
        if (address == 0)
            return;
        device.ToFree().Free(address);
        device.Release(ByteLength);
    }
}
