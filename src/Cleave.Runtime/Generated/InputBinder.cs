using System;
using System.ComponentModel;
using Cleave.Elements;

namespace Cleave.Generated;

/// <summary>Takes the dimensions and inputs of one request: first the dimensions, then the inputs. Used by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public ref struct InputBinder
{
    private RunnerEngine _engine;
    private int[] _dims;
    private int _used;
    private int _symbols;
    private int _shapes;
    private int _copied;
    private CallBuffers? _buffers;

    internal InputBinder(RunnerEngine engine)
    {
        _engine = engine;
        int symbols = engine.Shapes.Symbols;
        _dims = symbols == 0 ? [] : new int[symbols];
    }

    /// <summary>Gives the next symbolic dimension, in the order of their first appearance in the inputs' shapes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public void Dim(int size)
    {
        if (_symbols == _engine.Shapes.Symbols || _shapes > 0 || _buffers != null)
            throw OutOfOrder();
        _engine.Shapes.CheckSymbol(_symbols++, size);
        _dims[_used++] = size;
    }

    /// <summary>Gives the shape of the next input of unknown rank; after the dimensions, in the order of the inputs.</summary>
    /// <exception cref="ArgumentException">A dimension is negative.</exception>
    public void Shape(ReadOnlySpan<int> shape)
    {
        if (_symbols != _engine.Shapes.Symbols || _shapes == _engine.Shapes.InputsOfUnknownRank || _buffers != null)
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
            int expected = _engine.Shapes.InputLength(input, _dims);
            if (data.Length != expected)
                throw _engine.Shapes.WrongLength(input, _dims, expected, data.Length);
        }
        InputSlot<T> slot = Slot<T>(input);
        if (data.Length != slot.Span.Length)
            throw _engine.Shapes.WrongLength(input, _dims, slot.Span.Length, data.Length);
        data.Span.CopyTo(slot.Span);
        _copied++;
    }

    /// <summary>Sets an input of rank 0.</summary>
    public void Copy<T>(int input, T scalar)
    {
        InputSlot<T> slot = Slot<T>(input);
        if (slot.Span.Length != 1)
            throw _engine.Shapes.WrongLength(input, _dims, slot.Span.Length, 1);
        slot.First = scalar;
        _copied++;
    }

    /// <summary>The buffers, every input copied.</summary>
    internal CallBuffers Finish()
    {
        CallBuffers buffers = Buffers();
        if (_copied != buffers.Inputs.Length)
            throw new InvalidOperationException("The runner of '" + _engine.Name + "' gave " + _copied + " of " + buffers.Inputs.Length + " inputs.");
        return buffers;
    }

    /// <summary>The buffers for the dimensions given, rented at the first call.</summary>
    internal CallBuffers Buffers()
    {
        if (_buffers is { } rented)
            return rented;
        CheckComplete();
        return _buffers = _engine.Pool.Rent(_dims);
    }

    /// <summary>The same, of the engine that the runner has entered since the binder was made.</summary>
    internal CallBuffers Buffers(RunnerEngine engine)
    {
        if (_buffers is null)
            _engine = engine;
        return Buffers();
    }

    /// <summary>Gives back what was rented, if anything.</summary>
    internal readonly void Abandon() => _buffers?.Release(_buffers.Generation);

    private InputSlot<T> Slot<T>(int input) =>
        Buffers().Inputs[input] as InputSlot<T> ?? throw _engine.Shapes.WrongType<T>(input);

    private readonly void CheckComplete()
    {
        if (_symbols != _engine.Shapes.Symbols || _shapes != _engine.Shapes.InputsOfUnknownRank)
            throw OutOfOrder();
    }

    private readonly InvalidOperationException OutOfOrder() => new(
        "The runner of '" + _engine.Name + "' must give " + _engine.Shapes.Symbols + " dimensions, then "
        + _engine.Shapes.InputsOfUnknownRank + " shapes, then the inputs.");
}
