using System;
using Cleave.Elements;
using Cleave.Generated;

namespace Cleave;

/// <summary>One output of a model: its elements in row-major order, and its shape.</summary>
/// <typeparam name="T">The element type; <see cref="Half"/> for float16.</typeparam>
/// <remarks>
/// <para>It can be kept in async methods, unlike a span. It is valid until the output object (or the call) it came from is
/// disposed, and throws <see cref="ObjectDisposedException"/> from then on. A span taken before must not be used after
/// that: its memory then belongs to another request.</para>
/// <para>Reading is safe from several threads.</para>
/// </remarks>
public readonly struct OutputTensor<T>
{
    private readonly OutputSlot<T>? _slot;
    private readonly int _generation;

    /// <summary>
    /// An output made from an array, for tests of code that uses a runner. The array is not copied. Read through the output object that it is set in, it throws once that is disposed.
    /// </summary>
    /// <param name="data">The elements in row-major order.</param>
    /// <param name="shape">The shape; none is rank 0, one element.</param>
    /// <exception cref="ArgumentException">The shape needs another number of elements.</exception>
    public OutputTensor(T[] data, params int[] shape)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(shape);
        long length = 1;
        foreach (int size in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(size, nameof(shape));
            // Once too long, it stays so: no product overflows, and a size of zero still makes it empty.
            length = size == 0 ? 0 : Math.Min(length * size, 1L << 32);
        }
        if (length != data.Length)
        {
            throw new ArgumentException(
                "The shape [" + string.Join(", ", shape) + "] does not have " + data.Length + " elements, as the array has.", nameof(shape));
        }
        _slot = new OutputSlot<T>(data, (int[])shape.Clone());
        _generation = 0;
    }

    internal OutputTensor(OutputSlot<T> slot, int generation)
    {
        _slot = slot;
        _generation = generation;
    }

    /// <summary>The elements, in row-major order.</summary>
    /// <exception cref="ObjectDisposedException">The output was disposed.</exception>
    /// <exception cref="InvalidOperationException">Nothing ran yet, the last run failed, or the output was never set.</exception>
    public ReadOnlySpan<T> Span => Slot.Span;

    /// <summary>The size of each dimension; empty for rank 0.</summary>
    /// <exception cref="ObjectDisposedException">The output was disposed.</exception>
    /// <exception cref="InvalidOperationException">Nothing ran yet, the last run failed, or the output was never set.</exception>
    public ReadOnlySpan<int> Shape => Slot.Shape;

    /// <summary>The number of elements.</summary>
    /// <exception cref="ObjectDisposedException">The output was disposed.</exception>
    /// <exception cref="InvalidOperationException">Nothing ran yet, the last run failed, or the output was never set.</exception>
    public int Length => Slot.Length;

    /// <summary>The element at a position in row-major order.</summary>
    /// <exception cref="ObjectDisposedException">The output was disposed.</exception>
    /// <exception cref="InvalidOperationException">Nothing ran yet, the last run failed, or the output was never set.</exception>
    /// <exception cref="IndexOutOfRangeException">There is no such element.</exception>
    public T this[int index] => Slot.Span[index];

    /// <summary>The same array, as an output of <paramref name="owner"/>; what has an owner keeps it.</summary>
    internal OutputTensor<T> OwnedBy(RequestBuffers owner) =>
        _slot is { Owner: null } made ? new OutputTensor<T>(made.OwnedBy(owner), owner.Generation) : this;

    private OutputSlot<T> Slot
    {
        get
        {
            OutputSlot<T> slot = _slot ?? throw new InvalidOperationException("This output was never set.");
            slot.Check(_generation);
            return slot;
        }
    }

    /// <summary>A copy of the elements, yours to keep.</summary>
    /// <exception cref="ObjectDisposedException">The output was disposed.</exception>
    /// <exception cref="InvalidOperationException">Nothing ran yet, the last run failed, or the output was never set.</exception>
    public T[] ToArray() => Slot.Span.ToArray();
}
