using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>The values of one graph or function that shapes depend on, and the nodes they are computed with.</summary>
internal sealed class ShapeScope(ShapeScope? outer, IReadOnlyList<Node> nodes, IReadOnlyList<TensorInfo> initializers, ModelFunction? function)
{
    private readonly Dictionary<string, Node> _producers = new(StringComparer.Ordinal);

    // Whether floats, too.
    private readonly Dictionary<string, bool> _needed = new(StringComparer.Ordinal);
    private HashSet<string>? _followFromShapes;

    public ShapeScope? Outer { get; } = outer;

    public IReadOnlyList<Node> Nodes { get; } = nodes;

    public IReadOnlyList<TensorInfo> Initializers { get; } = initializers;

    public ModelFunction? Function { get; } = function;

    public bool NeedsAny => _needed.Count > 0;

    public void Add(Node node)
    {
        if (node.Constant is null && node.OpType != "ConstantOfShape" && ShapeArguments.Computes(node) == 0)
            return;
        foreach (string output in node.Outputs)
            _producers[output] = node;
    }

    /// <summary>The node a value comes from, where shapes are computed with it.</summary>
    public Node? Producer(string name) => _producers.TryGetValue(name, out Node? node) ? node : null;

    /// <summary>Notes that a shape depends on a value; false where that was known.</summary>
    public bool Need(string name, bool floats)
    {
        if (_needed.TryGetValue(name, out bool known) && (known || !floats))
            return false;
        _needed[name] = floats;
        return true;
    }

    public bool Needs(string name, out bool floats) => _needed.TryGetValue(name, out floats);

    /// <summary>Whether a value is computed from shapes and small constants alone, by nodes in the file's order.</summary>
    public bool FollowsFromShapes(string name)
    {
        for (ShapeScope? scope = this; scope != null; scope = scope.Outer)
        {
            if ((scope._followFromShapes ??= scope.Follow()).Contains(name))
                return true;
        }
        return false;
    }

    private HashSet<string> Follow()
    {
        HashSet<string> follow = new(StringComparer.Ordinal);
        foreach (TensorInfo tensor in Initializers)
        {
            if (tensor.SmallCount() != null)
                follow.Add(tensor.Name);
        }
        foreach (Node node in Nodes)
        {
            if (Follows(node, follow))
                follow.UnionWith(node.Outputs);
        }
        return follow;
    }

    private bool Follows(Node node, HashSet<string> follow)
    {
        if (node.Domain.Length == 0 && node.OpType is "Shape" or "Size")
            return true;
        if (node.Constant is { } constant)
            return constant.SmallCount() != null;
        if (node.OpType != "ConstantOfShape" && ShapeArguments.Computes(node) == 0)
            return false;
        foreach (string input in node.Inputs)
        {
            if (input.Length > 0 && !follow.Contains(input) && Outer?.FollowsFromShapes(input) != true)
                return false;
        }
        return true;
    }
}
