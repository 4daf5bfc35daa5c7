using System;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave.Elements;

/// <summary>One input of a call: its memory, wrapped once as a tensor.</summary>
internal abstract class InputSlot(string name, int[] shape) : ITensorSource, IDisposable
{
    public string Name { get; } = name;

    public int[] Shape { get; } = shape;

    public abstract OrtValue Tensor { get; }

    public bool IsFixed => true;

    public abstract long ByteLength { get; }

    /// <summary>Whether <see cref="BeforeRun"/> has something to do.</summary>
    public virtual bool NeedsWork => false;

    public virtual void BeforeRun()
    {
    }

    /// <summary>Lets go of what the request gave, where it would be kept alive otherwise.</summary>
    public virtual void Forget()
    {
    }

    /// <summary>Copies the elements to the same input of another call of the same dimensions.</summary>
    public abstract void CopyTo(InputSlot other);

    /// <summary>Copies the elements to their place along an axis of the same input of a batch, from place <paramref name="at"/> on.</summary>
    public abstract void PutInto(InputSlot batch, int axis, int at);

    /// <summary>Some samples of it, where they lie: along the first axis, from place <paramref name="at"/> on.</summary>
    /// <exception cref="NotSupportedException">It is of strings.</exception>
    public abstract InputSlot Slice(int at, int count);

    /// <summary>Becomes as many other samples of the input that it is a slice of, from place <paramref name="at"/> on. False where it was these: then it is bound as before.</summary>
    /// <exception cref="NotSupportedException">It is of strings.</exception>
    public abstract bool MoveTo(InputSlot whole, int at);

    /// <summary>The same elements as an input of another name, and of another model.</summary>
    public abstract InputSlot Shared(string name);

    public void Release()
    {
    }

    public void Dispose() => Tensor.Dispose();

    protected static long[] ToLong(int[] shape) => Array.ConvertAll(shape, static d => (long)d);
}

/// <summary>An input whose elements are <typeparamref name="T"/>.</summary>
internal abstract class InputSlot<T>(string name, int[] shape, T[] array, int start, int length) : InputSlot(name, shape)
{
    public Span<T> Span => new(array, start, length);

    public ref T First => ref array[start];

    /// <summary>Its elements are others of the array from now on.</summary>
    protected void MoveTo(int place) => start = place;

    public override void CopyTo(InputSlot other) => Span.CopyTo(((InputSlot<T>)other).Span);

    public override void PutInto(InputSlot batch, int axis, int at) =>
        AxisPart.Of(batch.Shape, axis, at, Shape[axis]).Put(Span, ((InputSlot<T>)batch).Span);
}

/// <summary>Numbers: ONNX Runtime reads our array in place.</summary>
internal sealed class NumberInput<T> : InputSlot<T>
    where T : unmanaged
{
    private readonly TensorElementType _type;
    private AlignedArray<T> _data;
    private OrtValue _tensor;

    public NumberInput(TensorElementType type, string name, int[] shape, int length)
        : this(type, name, shape, new AlignedArray<T>(length))
    {
    }

    private NumberInput(TensorElementType type, string name, int[] shape, AlignedArray<T> data)
        : base(name, shape, data.Array, data.Start, data.Length)
    {
        _type = type;
        _data = data;
        ByteLength = data.ByteLength;
        _tensor = NewTensor(data);
    }

    public override OrtValue Tensor => _tensor;

    public override long ByteLength { get; }

    public override InputSlot Shared(string name) => new NumberInput<T>(_type, name, Shape, _data);

    public override InputSlot Slice(int at, int count)
    {
        int each = _data.Length / Shape[0];
        return new NumberInput<T>(_type, Name, [count, .. Shape[1..]], _data.Slice(at * each, count * each));
    }

    public override bool MoveTo(InputSlot whole, int at)
    {
        NumberInput<T> from = (NumberInput<T>)whole;
        AlignedArray<T> data = from._data.Slice(at * (from._data.Length / from.Shape[0]), _data.Length);
        if (data.Start == _data.Start)
            return false;
        // First what may fail: a slot never says another place than its tensor.
        OrtValue tensor = NewTensor(data);
        _tensor.Dispose();
        (_data, _tensor) = (data, tensor);
        MoveTo(data.Start);
        return true;
    }

    private OrtValue NewTensor(AlignedArray<T> data) => OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, _type, ToLong(Shape), data.Address, data.ByteLength);
}

/// <summary>Strings: ONNX Runtime keeps its own copies, made before each run.</summary>
internal sealed class StringInput : InputSlot<string>
{
    private readonly string[] _texts;

    public StringInput(string name, int[] shape, int length)
        : this(name, shape, NewArray(length), length)
    {
    }

    private StringInput(string name, int[] shape, string[] texts, int length)
        : base(name, shape, texts, 0, length)
    {
        _texts = texts;
        Tensor = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, ToLong(shape));
        ByteLength = 32L * length;
    }

    public override OrtValue Tensor { get; }

    public override long ByteLength { get; }

    public override bool NeedsWork => true;

    public override InputSlot Slice(int at, int count) => throw new NotSupportedException();

    public override bool MoveTo(InputSlot whole, int at) => throw new NotSupportedException();

    public override InputSlot Shared(string name) => new StringInput(name, Shape, _texts, Span.Length);

    public override void BeforeRun()
    {
        Span<string> texts = Span;
        for (int i = 0; i < texts.Length; i++)
        {
            string text = texts[i] ?? throw new ArgumentException("The input '" + Name + "' has null at position " + i + "; a string is needed.", Name);
            Tensor.StringTensorSetElementAt(text.AsSpan(), i);
        }
    }

    public override void Forget() => Span.Fill("");

    // One element more, so that First is an element even of an empty tensor.
    private static string[] NewArray(int length)
    {
        string[] array = new string[length + 1];
        Array.Fill(array, "");
        return array;
    }
}
