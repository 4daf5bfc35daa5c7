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

    private AlignedArray(T[] array, int start, int length)
    {
        Array = array;
        Start = start;
        Length = length;
    }

    public T[] Array { get; }

    public int Start { get; }

    public int Length { get; }

    public nint Address => Marshal.UnsafeAddrOfPinnedArrayElement(Array, Start);

    /// <summary>A part of it, which need not be on such a boundary.</summary>
    public AlignedArray<T> Slice(int start, int length) => new(Array, Start + start, length);

    public long ByteLength => (long)Length * Unsafe.SizeOf<T>();
}
