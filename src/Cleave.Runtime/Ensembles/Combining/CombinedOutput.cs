using System;
using Cleave.Elements;

namespace Cleave.Ensembles.Combining;

/// <summary>An output of an ensemble: memory of its own, used again from request to request.</summary>
internal sealed class CombinedOutput<T>(string name) : OutputSlot<T>(name)
{
    private T[] _memory = [];

    public override long ByteLength => (long)_memory.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>();

    /// <summary>Memory for an output of a shape, to be written.</summary>
    public Span<T> Write(ReadOnlySpan<int> shape)
    {
        int length = 1;
        foreach (int size in shape)
            length = checked(length * size);
        if (!shape.SequenceEqual(Shape))
            Shape = shape.ToArray();
        return Memory(length);
    }

    /// <summary>The memory that was asked for last.</summary>
    public Span<T> Written => Present;

    /// <summary>Copies what a rule gave.</summary>
    public void Take(OutputTensor<T> result) => result.Span.CopyTo(Write(result.Shape));

    public override void BeginParts(int[] shape) => Write(shape);

    public override void Put(OutputSlot part, int at) => ((OutputSlot<T>)part).Span.CopyTo(Present[at..]);

    protected override Span<T> Memory(int length)
    {
        if (_memory.Length < length)
            _memory = new T[length];
        Use(_memory, 0, length);
        return Present;
    }

    public override void Forget()
    {
        if (_memory is string[])
            Array.Clear(_memory);
    }
}
