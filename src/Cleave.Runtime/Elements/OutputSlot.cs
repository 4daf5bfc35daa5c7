using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Cleave.Generated;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Elements;

/// <summary>One output of a call: where its elements are after a run. An output made from an array has no owner.</summary>
internal abstract class OutputSlot(string name) : IDisposable
{
    public string Name { get; } = name;

    public int[] Shape { get; protected set; } = [];

    public RequestBuffers? Owner { get; set; }

    /// <summary>Our own memory as a tensor, once <see cref="BindOwn"/> made it.</summary>
    public OrtValue? Own { get; protected set; }

    /// <summary>Memory that is kept for the next run.</summary>
    public virtual long ByteLength => 0;

    /// <summary>Copies what ONNX Runtime allocated.</summary>
    public abstract void Take(OrtValue result, int[] shape);

    /// <summary>Copies some places along an axis of the same output of a batch.</summary>
    /// <exception cref="InvalidOperationException">They do not fit what this output has been until now.</exception>
    public abstract void TakePart(OutputSlot batch, int axis, int at, int count);

    /// <summary>Some samples of it, in the memory of its own: along the first axis, from place <paramref name="at"/> on.</summary>
    /// <exception cref="NotSupportedException">It has none.</exception>
    public virtual OutputSlot Slice(int at, int count) => throw new NotSupportedException();

    /// <summary>Becomes an output of this shape, to be written in parts.</summary>
    /// <exception cref="NotSupportedException">It is no output of an ensemble.</exception>
    public virtual void BeginParts(int[] shape) => throw new NotSupportedException();

    /// <summary>Copies a part of such an output, from element <paramref name="at"/> on.</summary>
    /// <exception cref="NotSupportedException">It is no output of an ensemble.</exception>
    public virtual void Put(OutputSlot part, int at) => throw new NotSupportedException();

    /// <summary>How many elements there are.</summary>
    public abstract int Length { get; }

    /// <summary>
    /// Makes memory of our own for outputs of the present shape, holding the present elements.
    /// False where that cannot be (strings).
    /// </summary>
    public abstract bool BindOwn();

    /// <summary>Whether a result lies in the memory that <see cref="BindOwn"/> made.</summary>
    public virtual bool IsOwn(OrtValue result) => false;

    /// <summary>Lets go of a result that would be kept alive otherwise.</summary>
    public virtual void Forget()
    {
    }

    /// <summary>From now on ONNX Runtime allocates.</summary>
    public virtual void UnbindOwn()
    {
        Own?.Dispose();
        Own = null;
    }

    public void Dispose() => Own?.Dispose();

    /// <summary>Throws where a tensor of <paramref name="generation"/> may no longer, or not yet, be read.</summary>
    public void Check(int generation) => Owner?.CheckReadable(generation);
}

/// <summary>An output whose elements are <typeparamref name="T"/>.</summary>
internal class OutputSlot<T>(string name) : OutputSlot(name)
{
    private T[] _array = [];
    private int _start;
    private int _length;

    /// <summary>An output made from an array.</summary>
    public OutputSlot(T[] data, int[] shape)
        : this("")
    {
        Shape = shape;
        Use(data, 0, data.Length);
    }

    /// <summary>The same array, as an output of <paramref name="owner"/>.</summary>
    public OutputSlot<T> OwnedBy(RequestBuffers owner) => new(_array, Shape) { Owner = owner };

    public ReadOnlySpan<T> Span => new(_array, _start, _length);

    public override int Length => _length;

    public override void Take(OrtValue result, int[] shape) => throw new NotSupportedException();

    public override bool BindOwn() => false;

    public override void TakePart(OutputSlot batch, int axis, int at, int count)
    {
        AxisPart part = AxisPart.Of(batch.Shape, axis, at, count);
        part.Cut(((OutputSlot<T>)batch).Span, Memory(part.Length));
        if (SameButFor(batch.Shape, axis) && Shape[axis] == count)
            return;
        int[] shape = (int[])batch.Shape.Clone();
        shape[axis] = count;
        Shape = shape;
    }

    /// <summary>Memory for so many elements, which are this output's from now on.</summary>
    protected virtual Span<T> Memory(int length)
    {
        T[] array = new T[length];
        Use(array, 0, length);
        return array;
    }

    /// <summary>The present elements, to be written.</summary>
    protected Span<T> Present => new(_array, _start, _length);

    private bool SameButFor(int[] other, int axis)
    {
        if (Shape.Length != other.Length)
            return false;
        for (int i = 0; i < other.Length; i++)
        {
            if (i != axis && Shape[i] != other[i])
                return false;
        }
        return true;
    }

    protected void Use(T[] array, int start, int length)
    {
        _array = array;
        _start = start;
        _length = length;
    }
}

/// <summary>Numbers.</summary>
internal sealed class NumberOutput<T>(TensorElementType type, string name) : OutputSlot<T>(name)
    where T : unmanaged
{
    private T[] _copies = [];
    private AlignedArray<T> _own;
    private long _ownBytes;

    public override long ByteLength => _ownBytes + (long)_copies.Length * Unsafe.SizeOf<T>();

    public override void Take(OrtValue result, int[] shape)
    {
        ReadOnlySpan<T> data = MemoryMarshal.Cast<byte, T>(result.GetTensorMutableRawData());
        if (_copies.Length < data.Length)
            _copies = GC.AllocateUninitializedArray<T>(data.Length);
        data.CopyTo(_copies);
        Shape = shape;
        Use(_copies, 0, data.Length);
    }

    protected override Span<T> Memory(int length)
    {
        if (Own != null)
        {
            return length == Length ? Present
                : throw new InvalidOperationException($"The output '{Name}' has {Length} elements alone, but {length} in a batch.");
        }
        if (_copies.Length < length)
            _copies = GC.AllocateUninitializedArray<T>(length);
        Use(_copies, 0, length);
        return Present;
    }

    public override bool IsOwn(OrtValue result)
    {
        Span<byte> bytes = result.GetTensorMutableRawData();
        return bytes.IsEmpty
            || Unsafe.AreSame(ref MemoryMarshal.GetReference(bytes), ref MemoryMarshal.GetReference(MemoryMarshal.AsBytes(Span)));
    }

    public override OutputSlot Slice(int at, int count)
    {
        if (Own is null)
            return base.Slice(at, count);
        int each = _own.Length / Shape[0];
        return new OutputSlice<T>(type, Name, [count, .. Shape[1..]], _own.Slice(at * each, count * each));
    }

    public override void UnbindOwn()
    {
        base.UnbindOwn();
        _own = default;
        _ownBytes = 0;
        Use([], 0, 0);
    }

    public override bool BindOwn()
    {
        ReadOnlySpan<T> present = Span;
        AlignedArray<T> data = new(present.Length);
        present.CopyTo(data.Array.AsSpan(data.Start));
        Own = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, type, Array.ConvertAll(Shape, static d => (long)d), data.Address, data.ByteLength);
        _own = data;
        _ownBytes = data.ByteLength;
        _copies = [];
        Use(data.Array, data.Start, data.Length);
        return true;
    }
}

/// <summary>Some samples of an output, in its memory. What ONNX Runtime put elsewhere is copied there.</summary>
internal sealed class OutputSlice<T> : OutputSlot<T>
    where T : unmanaged
{
    private readonly TensorElementType _type;
    private readonly AlignedArray<T> _data;

    public OutputSlice(TensorElementType type, string name, int[] shape, AlignedArray<T> data)
        : base(name)
    {
        _type = type;
        _data = data;
        Shape = shape;
        Use(data.Array, data.Start, data.Length);
        BindOwn();
    }

    public override void Take(OrtValue result, int[] shape)
    {
        if (!shape.AsSpan().SequenceEqual(Shape))
            throw new InvalidOperationException($"The output '{Name}' has the shape [{string.Join(", ", shape)}] for {Shape[0]} samples of a batch, instead of [{string.Join(", ", Shape)}].");
        MemoryMarshal.Cast<byte, T>(result.GetTensorMutableRawData()).CopyTo(Present);
    }

    public override bool IsOwn(OrtValue result)
    {
        Span<byte> bytes = result.GetTensorMutableRawData();
        return bytes.IsEmpty || Unsafe.AreSame(ref MemoryMarshal.GetReference(bytes), ref MemoryMarshal.GetReference(MemoryMarshal.AsBytes(Span)));
    }

    public override bool BindOwn()
    {
        Own = OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, _type, Array.ConvertAll(Shape, static d => (long)d), _data.Address, _data.ByteLength);
        return true;
    }
}

/// <summary>Strings: always ONNX Runtime's, copied after each run.</summary>
internal sealed class StringOutput(string name) : OutputSlot<string>(name)
{
    public override void Take(OrtValue result, int[] shape)
    {
        string[] texts = result.GetStringTensorAsArray();
        Shape = shape;
        Use(texts, 0, texts.Length);
    }

    public override void Forget() => Use([], 0, 0);
}
