using System;
using System.Collections.Generic;
using Cleave.Core.Graph;
using Cleave.Elements;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Devices;

/// <summary>A tensor in the host's memory, for copies from and to a device.</summary>
/// <param name="value">The tensor; disposed of with this.</param>
/// <param name="type">Its elements.</param>
/// <param name="shape">Its shape.</param>
/// <param name="free">Gives its memory back; null where the tensor does.</param>
internal sealed class HostTensor(OrtValue value, ElementType type, IReadOnlyList<long> shape, Action? free = null) : IDisposable
{
    private int _disposed;

    /// <summary>What sessions on the CPU read and write.</summary>
    public OrtValue Value => _disposed == 0 ? value : throw new ObjectDisposedException(nameof(HostTensor));

    public ElementType Type => type;

    public IReadOnlyList<long> Shape => shape;

    public long ByteLength { get; } = TensorBytes.Of(type, shape);

    public Span<byte> Bytes => Value.GetTensorMutableRawData();

    /// <summary>In ordinary memory of ONNX Runtime's.</summary>
    public static HostTensor Allocate(ElementType type, IReadOnlyList<long> shape)
    {
        int[] dims = new int[shape.Count];
        for (int i = 0; i < dims.Length; i++)
            dims[i] = checked((int)shape[i]);
        OrtValue value = Element.Of(type).Allocate(dims) ?? throw new NotSupportedException("A device holds no tensor of " + type.Word() + ".");
        return new HostTensor(value, type, shape);
    }

    public void Dispose()
    {
        if (System.Threading.Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        value.Dispose();
        free?.Invoke();
    }
}
