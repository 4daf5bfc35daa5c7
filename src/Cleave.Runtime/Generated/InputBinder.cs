using System;
using System.ComponentModel;
using Cleave.Calls;
using Cleave.Elements;

namespace Cleave.Generated;

/// <summary>Takes the dimensions and inputs of one request: first the dimensions, then the inputs. Used by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct InputBinder
{
    private IRequestSource _source;
    private int[] _dims;
    private int _used;
    private int _symbols;
    private int _shapes;
    private int _copied;
    private RequestBuffers? _buffers;

    internal InputBinder(IRequestSource source)
    {
        _source = source;
        int symbols = source.Shapes.Symbols;
        _dims = symbols == 0 ? [] : new int[symbols];
    }

    /// <summary>Gives the next symbolic dimension, in the order of their first appearance in the inputs' shapes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public void Dim(int size)
    {
        if (_symbols == _source.Shapes.Symbols || _shapes > 0 || _buffers != null)
            throw OutOfOrder();
        _source.Shapes.CheckSymbol(_symbols++, size);
        _dims[_used++] = size;
    }

    /// <summary>Gives the shape of the next input of unknown rank; after the dimensions, in the order of the inputs.</summary>
    /// <exception cref="ArgumentException">A dimension is negative.</exception>
    public void Shape(ReadOnlySpan<int> shape)
    {
        if (_symbols != _source.Shapes.Symbols || _shapes == _source.Shapes.InputsOfUnknownRank || _buffers != null)
            throw OutOfOrder();
        foreach (int size in shape)
            ArgumentOutOfRangeException.ThrowIfNegative(size, nameof(shape));
        _shapes++;
        Array.Resize(ref _dims, _used + 1 + shape.Length);
        _dims[_used++] = shape.Length;
        shape.CopyTo(_dims.AsSpan(_used));
        _used += shape.Length;
    }

    /// <summary>Checks the length of an input against its shape, and copies it.</summary>
    /// <exception cref="ArgumentException">The length is not that of the shape.</exception>
    public void Copy<T>(int input, ReadOnlyMemory<T> data)
    {
        // Before anything is allocated: the dimensions may be absurd. Only the first input can be checked so early.
        if (_buffers is null)
        {
            CheckComplete();
            int expected = _source.Shapes.InputLength(input, _dims);
            if (data.Length != expected)
                throw _source.Shapes.WrongLength(input, _dims, expected, data.Length);
        }
        InputSlot<T> slot = Slot<T>(input);
        if (data.Length != slot.Span.Length)
            throw _source.Shapes.WrongLength(input, _dims, slot.Span.Length, data.Length);
        data.Span.CopyTo(slot.Span);
        _copied++;
    }

    /// <summary>Sets an input of rank 0.</summary>
    public void Copy<T>(int input, T scalar)
    {
        InputSlot<T> slot = Slot<T>(input);
        if (slot.Span.Length != 1)
            throw _source.Shapes.WrongLength(input, _dims, slot.Span.Length, 1);
        slot.First = scalar;
        _copied++;
    }

    /// <summary>The buffers, every input copied.</summary>
    internal RequestBuffers Finish()
    {
        RequestBuffers buffers = Buffers();
        if (_copied != buffers.Inputs.Length)
            throw new InvalidOperationException("The runner of '" + _source.Name + "' gave " + _copied + " of " + buffers.Inputs.Length + " inputs.");
        return buffers;
    }

    /// <summary>The buffers for the dimensions given, rented at the first call.</summary>
    internal RequestBuffers Buffers()
    {
        if (_buffers is { } rented)
            return rented;
        CheckComplete();
        return _buffers = _source.Rent(_dims);
    }

    /// <summary>The same, of the engine that the runner has entered since the binder was made.</summary>
    internal RequestBuffers Buffers(IRequestSource source)
    {
        if (_buffers is null)
            _source = source;
        return Buffers();
    }

    /// <summary>Gives back what was rented, if anything.</summary>
    internal readonly void Abandon() => _buffers?.Release(_buffers.Generation);

    private InputSlot<T> Slot<T>(int input) =>
        Buffers().Inputs[input] as InputSlot<T> ?? throw _source.Shapes.WrongType<T>(input);

    private readonly void CheckComplete()
    {
        if (_symbols != _source.Shapes.Symbols || _shapes != _source.Shapes.InputsOfUnknownRank)
            throw OutOfOrder();
    }

    private readonly InvalidOperationException OutOfOrder() => new(
        "The runner of '" + _source.Name + "' must give " + _source.Shapes.Symbols + " dimensions, then "
        + _source.Shapes.InputsOfUnknownRank + " shapes, then the inputs.");
}
