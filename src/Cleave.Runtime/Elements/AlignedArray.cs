using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Cleave.Elements;

/// <summary>
/// An array that never moves, with its first used element on a 64-byte boundary, as ONNX Runtime's own buffers have.
/// It is a managed array, not native memory, so a span that outlives its call can never point at freed memory.
/// </summary>
internal readonly struct AlignedArray<T>
    where T : unmanaged
{
    private const int Alignment = 64;

    public AlignedArray(int length)
    {
        int size = Unsafe.SizeOf<T>();
        Array = GC.AllocateArray<T>(checked(length + Alignment / size), pinned: true);
        Length = length;
        nint address = Marshal.UnsafeAddrOfPinnedArrayElement(Array, 0);
        Start = (int)(((Alignment - address % Alignment) % Alignment) / size);
    }

    public T[] Array { get; }

    public int Start { get; }

    public int Length { get; }

    public nint Address => Marshal.UnsafeAddrOfPinnedArrayElement(Array, Start);

    public long ByteLength => (long)Length * Unsafe.SizeOf<T>();
}
