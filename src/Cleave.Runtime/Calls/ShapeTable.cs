using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Elements;
using Cleave.Generated;

namespace Cleave.Calls;

/// <summary>
/// The shapes of a model's inputs, its outputs and the values inside as functions of one call's dimensions. A call's dimensions are one array:
/// the symbolic dimensions in the order of their first appearance in the inputs, then, for each input of unknown rank,
/// its rank and its dimensions.
/// </summary>
internal sealed class ShapeTable
{
    // A dimension: a size, or ~(index of a symbol), or Unknown.
    private const long Unknown = long.MinValue;

    // An array has a few elements more than the tensor, so that the tensor starts where it should.
    private static readonly int LongestInput = Array.MaxLength - 64;

    private readonly string _model;
    private readonly Value[] _inputs;
    private readonly long[]?[] _inputPatterns;
    private readonly long[]?[] _resultPatterns;
    private readonly bool[] _steadyResults;
    private readonly string[] _symbols;

    public ShapeTable(ModelDefinition definition, Value[] results)
        : this(definition.Name, definition.Inputs, results)
    {
    }

    /// <param name="model">The name of the model, or of the ensemble.</param>
    /// <param name="inputs">Its inputs.</param>
    /// <param name="results">Values whose shapes are of interest.</param>
    public ShapeTable(string model, Value[] inputs, Value[] results)
    {
        _model = model;
        _inputs = inputs;
        List<string> symbols = [];
        _inputPatterns = Array.ConvertAll(_inputs, v => Pattern(v, symbols, addSymbols: true));
        _resultPatterns = Array.ConvertAll(results, v => Pattern(v, symbols, addSymbols: false));
        _steadyResults = Array.ConvertAll(results, static v => v.IsSteady);
        _symbols = [.. symbols];
        foreach (long[]? pattern in _inputPatterns)
        {
            if (pattern is null)
                InputsOfUnknownRank++;
            else if (Array.IndexOf(pattern, Unknown) >= 0)
                throw new ArgumentException("An input of the model '" + _model + "' has a dimension without a name; generated code gives it one.");
        }
    }

    /// <summary>Memory for the inputs of a request of these dimensions.</summary>
    public InputSlot[] NewInputs(int[] dims)
    {
        int[] lengths = new int[_inputs.Length];
        // First: one that is too long is refused before anything is allocated.
        for (int i = 0; i < lengths.Length; i++)
            lengths[i] = InputLength(i, dims);
        InputSlot[] slots = new InputSlot[lengths.Length];
        for (int i = 0; i < slots.Length; i++)
            slots[i] = NewInput(i, dims, lengths[i]);
        return slots;
    }

    /// <summary>Memory for one of them, whose length is known.</summary>
    public InputSlot NewInput(int input, int[] dims, int length) => _inputs[input].Element.NewInput(_inputs[input].Name, InputShape(input, dims), length);

    /// <summary>How many inputs there are.</summary>
    public int Inputs => _inputs.Length;

    public int Symbols => _symbols.Length;

    /// <summary>The names of the symbolic dimensions.</summary>
    public IReadOnlyList<string> Names => _symbols;

    public int InputsOfUnknownRank { get; }

    /// <summary>A name for each dimension of a call: of an input <c>x</c> of unknown rank, <c>x.rank</c> and then <c>x[0]</c>, <c>x[1]</c>, ….</summary>
    public IReadOnlyList<string> NamesOf(IReadOnlyList<int> dims)
    {
        List<string> names = [.. _symbols];
        for (int i = 0; i < _inputs.Length; i++)
        {
            if (_inputPatterns[i] is not null)
                continue;
            int rank = dims[names.Count];
            names.Add(_inputs[i].Name + ".rank");
            names.AddRange(Enumerable.Range(0, rank).Select(d => string.Create(CultureInfo.InvariantCulture, $"{_inputs[i].Name}[{d}]")));
        }
        return names;
    }

    /// <summary>The place of the batch; -1 where there is none.</summary>
    public int BatchOf(ModelDefinition definition) => definition.Batch is { } axis ? SymbolOf(axis.Dimension) : -1;

    /// <summary>The sizes that the model is planned for; 1 where nothing is said.</summary>
    public int[] PlannedSizes(ModelDefinition definition) => [.. Enumerable.Range(0, Symbols).Select(i => i < definition.PlannedSizes.Length ? definition.PlannedSizes[i] : 1)];

    /// <summary>The place of a symbolic dimension.</summary>
    /// <exception cref="ArgumentException">No input has it.</exception>
    public int SymbolOf(string name) => Array.IndexOf(_symbols, name) is >= 0 and int symbol
        ? symbol
        : throw new ArgumentException("No input of the model '" + _model + "' has the dimension '" + name + "'.", nameof(name));

    /// <summary>Throws where a symbolic dimension is negative.</summary>
    public void CheckSymbol(int symbol, int size)
    {
        if (size < 0)
        {
            throw new ArgumentOutOfRangeException(_symbols[symbol], size,
                "The dimension '" + _symbols[symbol] + "' of the model '" + _model + "' cannot be negative.");
        }
    }

    public int[] InputShape(int input, ReadOnlySpan<int> dims)
    {
        if (_inputPatterns[input] is not { } pattern)
            return Given(input, dims).ToArray();
        int[] shape = new int[pattern.Length];
        for (int i = 0; i < shape.Length; i++)
            shape[i] = checked((int)Resolve(pattern[i], dims));
        return shape;
    }

    /// <summary>The elements of all inputs of one sample.</summary>
    /// <param name="dims">The dimensions of a call.</param>
    /// <param name="batch">The place of the batch among them; -1: there is none.</param>
    public long SampleElements(ReadOnlySpan<int> dims, int batch)
    {
        long elements = 0;
        for (int i = 0; i < Inputs; i++)
            elements += InputLength(i, dims);
        return elements / (batch < 0 ? 1 : Math.Max(1, dims[batch]));
    }

    /// <summary>The number of elements of an input of known rank, however large.</summary>
    public double Elements(int input, int[] dims) => _inputPatterns[input]!.Aggregate(1.0, (all, dimension) => all * Resolve(dimension, dims));

    /// <summary>The number of elements of an input.</summary>
    /// <exception cref="ArgumentException">It is more than an array can hold.</exception>
    public int InputLength(int input, ReadOnlySpan<int> dims)
    {
        long length = 1;
        bool empty = false;
        bool tooLarge = false;
        int rank = _inputPatterns[input] is { } pattern ? pattern.Length : Given(input, dims).Length;
        for (int i = 0; i < rank; i++)
        {
            long size = DimensionOf(input, i, dims);
            empty |= size == 0;
            // Checked at every step, so the product stays far below overflow.
            tooLarge |= size > LongestInput || (length *= Math.Max(1, size)) > LongestInput;
            if (tooLarge)
                length = 1;
        }
        if (empty)
            return 0;
        if (tooLarge)
        {
            throw new ArgumentException(
                "The input '" + _inputs[input].Name + "' of the model '" + _model + "' would have the shape "
                + Describe(input, dims) + ", which is more than " + LongestInput.ToString(CultureInfo.InvariantCulture) + " elements.",
                _inputs[input].Name);
        }
        return (int)length;
    }

    /// <summary>The shape that the model declares for an output or a value inside; null where it does not follow from the inputs.</summary>
    public int[]? ResultShape(int result, ReadOnlySpan<int> dims)
    {
        if (_resultPatterns[result] is not { } pattern)
            return null;
        int[] shape = new int[pattern.Length];
        for (int i = 0; i < shape.Length; i++)
        {
            if (pattern[i] == Unknown || Resolve(pattern[i], dims) is not (<= int.MaxValue and var size))
                return null;
            shape[i] = (int)size;
        }
        return shape;
    }

    /// <summary>Whether the result has one shape in all calls of the same dimensions, though it may not be known before one.</summary>
    public bool IsSteady(int result) => _steadyResults[result];

    public ArgumentException WrongLength(int input, ReadOnlySpan<int> dims, int expected, int came)
    {
        Value value = _inputs[input];
        return new ArgumentException(string.Create(CultureInfo.InvariantCulture,
            $"The input '{value.Name}' of the model '{_model}' has the shape {Describe(input, dims)}: {expected} elements of type {value.Element.Word}; {came} came."),
            value.Name);
    }

    public ArgumentException WrongType<T>(int input) => new(
        "The input '" + _inputs[input].Name + "' of the model '" + _model + "' has elements of type " + _inputs[input].Element.Word
        + ", not " + typeof(T).Name + ".", _inputs[input].Name);

    // "[batch = 2, sequence = 128, 3]".
    private string Describe(int input, ReadOnlySpan<int> dims)
    {
        int rank = _inputPatterns[input] is { } pattern ? pattern.Length : Given(input, dims).Length;
        string[] parts = new string[rank];
        for (int i = 0; i < rank; i++)
        {
            string size = DimensionOf(input, i, dims).ToString(CultureInfo.InvariantCulture);
            string? name = _inputs[input].Shape is { } shape ? shape[i].Name : null;
            parts[i] = name is null ? size : name + " = " + size;
        }
        return "[" + string.Join(", ", parts) + "]";
    }

    private long DimensionOf(int input, int axis, ReadOnlySpan<int> dims) =>
        _inputPatterns[input] is { } pattern ? Resolve(pattern[axis], dims) : Given(input, dims)[axis];

    private static long Resolve(long dimension, ReadOnlySpan<int> dims) => dimension >= 0 ? dimension : dims[(int)~dimension];

    // The shape given for an input of unknown rank.
    private ReadOnlySpan<int> Given(int input, ReadOnlySpan<int> dims)
    {
        int at = _symbols.Length;
        for (int i = 0; i < input; i++)
        {
            if (_inputPatterns[i] is null)
                at += 1 + dims[at];
        }
        return dims.Slice(at + 1, dims[at]);
    }

    private static long[]? Pattern(Value value, List<string> symbols, bool addSymbols) =>
        value.Shape is null ? null : Array.ConvertAll(value.Shape, d => Symbol(d, symbols, addSymbols));

    private static long Symbol(Dim dimension, List<string> symbols, bool addSymbols)
    {
        if (dimension.IsFixed)
            return dimension.Size;
        if (dimension.Name is not { } name)
            return Unknown;
        int index = symbols.IndexOf(name);
        if (index < 0 && addSymbols)
        {
            index = symbols.Count;
            symbols.Add(name);
        }
        return index < 0 ? Unknown : ~(long)index;
    }
}
