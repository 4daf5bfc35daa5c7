using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>The nodes that call the functions of one name, found by what they give: each is looked at once for each of its inputs, however many functions and calls there are.</summary>
internal sealed class FunctionCalls
{
    private readonly List<(ShapeScope Scope, Node Node)> _calls = [];
    private readonly Dictionary<ModelFunction, Dictionary<string, int>> _parameters = [];
    private readonly HashSet<(int Place, bool Floats)> _taken = [];
    private List<(ShapeScope Scope, string Name)>?[]? _arguments;

    public void Add(ShapeScope scope, Node call) => _calls.Add((scope, call));

    /// <summary>What the calls give for a function's input, when it is first asked for; all of them are known by then.</summary>
    /// <param name="function">The function.</param>
    /// <param name="name">A value of it.</param>
    /// <param name="floats">Whether its elements are asked for also where they are floats.</param>
    public IReadOnlyList<(ShapeScope Scope, string Name)> Take(ModelFunction function, string name, bool floats)
    {
        if (!Parameters(function).TryGetValue(name, out int place) || !_taken.Add((place, floats)))
            return [];
        _arguments ??= Arguments();
        return place < _arguments.Length && _arguments[place] is { } found ? found : [];
    }

    private Dictionary<string, int> Parameters(ModelFunction function)
    {
        if (!_parameters.TryGetValue(function, out Dictionary<string, int>? parameters))
        {
            _parameters.Add(function, parameters = new(StringComparer.Ordinal));
            // Of several of one name the first counts.
            for (int i = function.Inputs.Length - 1; i >= 0; i--)
                parameters[function.Inputs[i]] = i;
        }
        return parameters;
    }

    private List<(ShapeScope Scope, string Name)>?[] Arguments()
    {
        int most = 0;
        foreach ((_, Node call) in _calls)
            most = Math.Max(most, call.Inputs.Length);
        List<(ShapeScope Scope, string Name)>?[] arguments = new List<(ShapeScope Scope, string Name)>?[most];
        foreach ((ShapeScope scope, Node call) in _calls)
        {
            for (int i = 0; i < call.Inputs.Length; i++)
            {
                if (call.Inputs[i].Length > 0)
                    (arguments[i] ??= []).Add((scope, call.Inputs[i]));
            }
        }
        return arguments;
    }
}
