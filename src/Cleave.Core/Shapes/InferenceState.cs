using System;
using System.Collections.Generic;
using System.Globalization;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;

namespace Cleave.Core.Shapes;

/// <summary>What the scopes of one inference share.</summary>
internal sealed class InferenceState
{
    /// <summary>The newest operator set of ONNX whose operators are known; of a newer one they are taken at their last known form.</summary>
    public const long NewestOpset = 25;

    /// <summary>Nodes that are inferred at most, bodies and functions counted each time; of what follows nothing is known.</summary>
    public const int MostNodes = 100_000;

    /// <summary>What is read, given, set and defined by them at most: few nodes may have very many inputs, and bodies and functions have values of their own.</summary>
    public const int MostValues = 2_000_000;

    /// <summary>Functions in functions.</summary>
    public const int DeepestFunction = 8;

    private const int MostNotes = 100;

    private readonly Dictionary<(string Domain, string Name, string Overload), ModelFunction> _functions = [];

    // Null where there are several of the name.
    private readonly Dictionary<(string Domain, string Name), ModelFunction?> _onlyFunctions = [];
    private readonly Dictionary<object, int[]> _orders = [];
    private readonly Dictionary<ModelFunction, Dictionary<string, int>> _inputs = [];
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dim> _named = new(StringComparer.Ordinal);
    private readonly List<string> _notes = [];
    private readonly Func<string, long?>? _dimension;
    private int _nodes;
    private long _values;
    private bool _isFull;
    private int _notesLeftOut;
    private int _unknowns;

    public InferenceState(OnnxModel model, Func<string, long?>? dimension = null, bool trustsFile = true)
    {
        Model = model;
        TrustsFile = trustsFile;
        _dimension = dimension;
        foreach (ModelFunction function in model.Functions)
        {
            // Of several that are called alike in everything the first counts.
            if (!_functions.ContainsKey((function.Domain, function.Name, function.Overload)))
                _functions.Add((function.Domain, function.Name, function.Overload), function);
            _onlyFunctions[(function.Domain, function.Name)] = _onlyFunctions.ContainsKey((function.Domain, function.Name)) ? null : function;
        }
        foreach (ValueInfo input in model.Graph.Inputs)
            AddNames(input.Type);
    }

    public OnnxModel Model { get; }

    /// <summary>Whether what is not known is taken from what the file states of inner values and outputs.</summary>
    public bool TrustsFile { get; }

    public IReadOnlyList<string> Notes
    {
        get
        {
            if (_notesLeftOut == 0)
                return _notes;
            return [.. _notes, _notesLeftOut.ToString(CultureInfo.InvariantCulture) + " more notes are left out."];
        }
    }

    public void Note(string note)
    {
        if (_notes.Count < MostNotes)
            _notes.Add(note);
        else
            _notesLeftOut++;
    }

    /// <summary>Whether another node may be inferred: a graph of any size takes bounded time.</summary>
    public bool TakesAnother(Node node)
    {
        _nodes++;
        return Takes((long)node.Inputs.Length + node.Outputs.Length + node.Attributes.Length);
    }

    /// <summary>Whether a body or function with so many values of its own may be inferred.</summary>
    public bool Takes(long values)
    {
        _values += values;
        if (_nodes <= MostNodes && _values <= MostValues)
            return true;
        if (!_isFull)
        {
            _notes.Add("The model has more than " + MostNodes.ToString("N0", CultureInfo.InvariantCulture) + " nodes or "
                + MostValues.ToString("N0", CultureInfo.InvariantCulture)
                + " values at them, bodies and functions counted for each use: nothing is known of the values behind those.");
        }
        _isFull = true;
        return false;
    }

    public Dim Unknown() => Dim.Unknown(_unknowns++);

    public Dim UnknownNumber() => Dim.UnknownNumber(_unknowns++);

    public Dim Named(string name)
    {
        if (!_named.TryGetValue(name, out Dim? dim))
            _named.Add(name, dim = _dimension?.Invoke(name) is { } size ? Dim.Of(size) : Dim.Named(name));
        return dim;
    }

    /// <summary>Whether a name is that of a dimension of one of the model's inputs: then it means that dimension wherever it stands.</summary>
    public bool IsInputDimension(string name) => _names.Contains(name);

    /// <summary>The function that a node calls; null where it calls none, or more than one could be meant.</summary>
    public ModelFunction? Function(Node node)
    {
        if (_functions.Count == 0)
            return null;
        if (_functions.TryGetValue((node.Domain, node.OpType, node.Overload), out ModelFunction? function))
            return function;
        return _onlyFunctions.TryGetValue((node.Domain, node.OpType), out ModelFunction? only) ? only : null;
    }

    /// <summary>The order of the nodes of a body or function, found once.</summary>
    public int[] Order(object body, IReadOnlyList<Node> nodes)
    {
        if (!_orders.TryGetValue(body, out int[]? order))
            _orders.Add(body, order = NodeOrder.Of(nodes, out _));
        return order;
    }

    /// <summary>The place of each input of a function, the first of a name; found once.</summary>
    public Dictionary<string, int> Inputs(ModelFunction function)
    {
        if (_inputs.TryGetValue(function, out Dictionary<string, int>? places))
            return places;
        places = new Dictionary<string, int>(function.Inputs.Length, StringComparer.Ordinal);
        for (int i = function.Inputs.Length - 1; i >= 0; i--)
            places[function.Inputs[i]] = i;
        _inputs.Add(function, places);
        return places;
    }

    private void AddNames(OnnxType type)
    {
        if (type is not OnnxType.Tensor { Shape: { } shape })
            return;
        foreach (Dimension dimension in shape)
        {
            if (dimension.Name is { Length: > 0 } name)
                _names.Add(name);
        }
    }
}
