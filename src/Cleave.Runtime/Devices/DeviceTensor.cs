using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Devices;

/// <summary>A tensor in a device's memory. The host cannot look into it: it is copied by a stream first.</summary>
internal abstract class DeviceTensor : IDisposable
{
    protected DeviceTensor(IDevice device, string name, ElementType type, IReadOnlyList<long> shape)
    {
        Device = device;
        Name = name;
        Type = type;
        Shape = shape;
        ByteLength = TensorBytes.Of(type, shape);
    }

    public IDevice Device { get; }

    /// <summary>The value that it holds, for messages.</summary>
    public string Name { get; }

    public ElementType Type { get; }

    public IReadOnlyList<long> Shape { get; }

    public long ByteLength { get; }

    public abstract void Dispose();
}
