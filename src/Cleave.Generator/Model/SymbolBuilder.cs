using System;
using System.Collections.Generic;
using System.Globalization;
using Cleave.Generator.Emit;

namespace Cleave.Generator.Model;

/// <summary>Finds the dimensions that a caller chooses, and names them; unnamed ones get a name of their own, unique in the model.</summary>
/// <remarks>Loops, not LINQ: over structs it is compiled anew in every compiler process, which takes longer than the work itself.</remarks>
internal sealed class SymbolBuilder
{
    private const int LongestName = 60;
    private const int LongestWhere = 240;

    private readonly NameScope _properties;
    private readonly NameScope _parameters;
    private readonly NameScope _symbols;
    private readonly Dictionary<string, int> _known = new(StringComparer.Ordinal);

    public SymbolBuilder(NameScope properties, NameScope parameters, TensorSpec[] inputs, TensorSpec[] outputs)
    {
        _properties = properties;
        _parameters = parameters;
        _symbols = new NameScope();
        Reserve(inputs);
        Reserve(outputs);
    }

    public List<SymbolSpec> Symbols { get; } = [];

    /// <summary>The inputs, with every dimension that is no number named.</summary>
    public TensorSpec[] Name(TensorSpec[] inputs) => Array.ConvertAll(inputs, input =>
    {
        DimSpec[] shape = new DimSpec[input.Shape.Count];
        for (int axis = 0; axis < shape.Length; axis++)
            shape[axis] = Name(input.Shape[axis], input, axis);
        return input with { Shape = new(shape) };
    });

    private void Reserve(TensorSpec[] tensors)
    {
        foreach (TensorSpec tensor in tensors)
        {
            for (int axis = 0; axis < tensor.Shape.Count; axis++)
            {
                if (tensor.Shape[axis].Symbol is { } symbol)
                    _symbols.Reserve(symbol);
            }
        }
    }

    private DimSpec Name(DimSpec dim, TensorSpec input, int axis)
    {
        if (dim.Size is not null)
            return dim;
        string place = Place(input, axis);
        if (dim.Symbol is not { } name)
        {
            string wanted = input.Property + "Dim" + axis.ToString(CultureInfo.InvariantCulture);
            SymbolSpec made = Add(wanted, property => new(_symbols.Take(Identifiers.Camel(property)), false, place, property, Parameter(property)));
            return new(null, made.Name);
        }
        if (!_known.TryGetValue(name, out int index))
        {
            _known.Add(name, Symbols.Count);
            string wanted = Identifiers.Pascal(name, "Dim");
            if (wanted.Length == 0)
                wanted = "Dim" + Symbols.Count.ToString(CultureInfo.InvariantCulture);
            Add(_properties.IsFree(wanted) ? wanted : wanted + "Dim", property => new(name, true, place, property, Parameter(property)));
        }
        else if (Symbols[index].Where.Length < LongestWhere)
        {
            string where = Symbols[index].Where + ", " + place;
            Symbols[index] = Symbols[index] with { Where = where.Length < LongestWhere ? where : where + ", …" };
        }
        return dim;
    }

    private SymbolSpec Add(string wanted, Func<string, SymbolSpec> make)
    {
        SymbolSpec symbol = make(_properties.Take(wanted));
        Symbols.Add(symbol);
        return symbol;
    }

    private string Parameter(string property) => Identifiers.Escape(_parameters.Take(Identifiers.Camel(property)));

    private static string Place(TensorSpec input, int axis) =>
        "axis " + axis.ToString(CultureInfo.InvariantCulture) + " of " + SafeText.OneLine(input.Name, LongestName);
}
