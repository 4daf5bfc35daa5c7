using System;
using System.ComponentModel;
using System.Runtime.CompilerServices;
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
    // Where none were idle: the inputs that came so far, for new ones.
    private InputSlot?[]? _new;

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
        if (_symbols == _source.Shapes.Symbols || _shapes > 0 || HasBegun)
            throw OutOfOrder();
        _source.Shapes.CheckSymbol(_symbols++, size);
        _dims[_used++] = size;
    }

    /// <summary>Gives the shape of the next input of unknown rank; after the dimensions, in the order of the inputs.</summary>
    /// <param name="shape">The shape.</param>
    /// <param name="property">What gave it, as it is written there: the compiler says.</param>
    /// <exception cref="ArgumentException">It is null, or a dimension is negative.</exception>
    public void Shape(int[] shape, [CallerArgumentExpression(nameof(shape))] string property = "")
    {
        // No span: null would be an empty one, which is the shape of a scalar.
        ArgumentNullException.ThrowIfNull(shape, property);
        if (_symbols != _source.Shapes.Symbols || _shapes == _source.Shapes.InputsOfUnknownRank || HasBegun)
            throw OutOfOrder();
        foreach (int size in shape)
            ArgumentOutOfRangeException.ThrowIfNegative(size, property);
        _shapes++;
        Array.Resize(ref _dims, _used + 1 + shape.Length);
        _dims[_used++] = shape.Length;
        shape.CopyTo(_dims, _used);
        _used += shape.Length;
    }

    private readonly bool HasBegun => _buffers != null || _new != null;

    /// <summary>Checks the length of an input against its shape, and copies it.</summary>
    /// <exception cref="ArgumentException">The length is not that of the shape.</exception>
    public void Copy<T>(int input, ReadOnlyMemory<T> data)
    {
        InputSlot<T> slot = Slot<T>(input, data.Length);
        data.Span.CopyTo(slot.Span);
        _copied++;
    }

    /// <summary>Sets an input of rank 0.</summary>
    public void Copy<T>(int input, T scalar)
    {
        Slot<T>(input, length: 1).First = scalar;
        _copied++;
    }

    /// <summary>The buffers, every input copied.</summary>
    internal RequestBuffers Finish()
    {
        if (_new is null)
            Buffers();
        if (_copied != _source.Shapes.Inputs || (_new != null && Array.IndexOf(_new, null) >= 0))
            throw new InvalidOperationException("The runner of '" + _source.Name + "' gave " + _copied + " of " + _source.Shapes.Inputs + " inputs.");
        if (_new is { } inputs)
        {
            _buffers = _source.New(_dims, inputs!);
            _new = null;
        }
        return _buffers!;
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
    internal readonly void Abandon()
    {
        _buffers?.Release(_buffers.Generation);
        foreach (InputSlot? input in _new ?? [])
            input?.Dispose();
    }

    private InputSlot<T> Slot<T>(int input, int length)
    {
        if (!HasBegun)
            Begin(input, length);
        InputSlot slot = _buffers is { } rented ? rented.Inputs[input] : (_new![input] ??= New(input, length));
        InputSlot<T> typed = slot as InputSlot<T> ?? throw _source.Shapes.WrongType<T>(input);
        if (length != typed.Span.Length)
            throw _source.Shapes.WrongLength(input, _dims, typed.Span.Length, length);
        return typed;
    }

    private void Begin(int input, int length)
    {
        CheckComplete();
        // First: dimensions that no input has are not looked for.
        CheckLength(input, length);
        _buffers = _source.TryRent(_dims);
        if (_buffers is null)
            _new = new InputSlot[_source.Shapes.Inputs];
    }

    // One by one: the dimensions may be absurd, and memory is taken only for elements that came.
    private readonly InputSlot New(int input, int length)
    {
        CheckLength(input, length);
        return _source.Shapes.NewInput(input, _dims, length);
    }

    private readonly void CheckLength(int input, int length)
    {
        int expected = _source.Shapes.InputLength(input, _dims);
        if (length != expected)
            throw _source.Shapes.WrongLength(input, _dims, expected, length);
    }

    private readonly void CheckComplete()
    {
        if (_symbols != _source.Shapes.Symbols || _shapes != _source.Shapes.InputsOfUnknownRank)
            throw OutOfOrder();
    }

    private readonly InvalidOperationException OutOfOrder() => new(
        "The runner of '" + _source.Name + "' must give " + _source.Shapes.Symbols + " dimensions, then "
        + _source.Shapes.InputsOfUnknownRank + " shapes, then the inputs.");
}
