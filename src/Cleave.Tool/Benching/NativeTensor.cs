using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Tool.Benching;

/// <summary>A tensor in memory of its own, aligned as ONNX Runtime's own allocator aligns.</summary>
internal sealed unsafe class NativeTensor : IDisposable
{
    private const nuint Alignment = 64;
    private void* _memory;

    public NativeTensor(TensorElementType type, long[] shape, long bytes)
    {
        nuint size = (nuint)Math.Max(bytes, 1);
        _memory = NativeMemory.AlignedAlloc(size, Alignment);
        NativeMemory.Clear(_memory, size);
        Value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape, (nint)_memory, bytes);
    }

    public OrtValue Value { get; }

    public void Set(byte[] bytes) => Unsafe.CopyBlockUnaligned(ref *(byte*)_memory, ref MemoryMarshal.GetArrayDataReference(bytes), (uint)bytes.Length);

    public void Dispose()
    {
        Value.Dispose();
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
