using System;
using System.Collections.Generic;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes;

/// <summary>
/// A model as planners see it: the nodes that run, the groups that stay together, and who depends on whom. Immutable.
/// Made by <see cref="PlanGraphBuilder"/>.
/// </summary>
internal sealed class PlanGraph
{
    public required OnnxModel Model { get; init; }

    public required GraphFacts Facts { get; init; }

    /// <summary>Those of the facts that are proven.</summary>
    public GraphFacts Inferred => Facts.Proven;

    public required GraphIndex Index { get; init; }

    /// <summary>The values that are asked for: the model's outputs, or those chosen instead.</summary>
    public required IReadOnlyList<string> Outputs { get; init; }

    /// <summary>By position of the node.</summary>
    public required NodeRole[] Roles { get; init; }

    /// <summary>The groups of nodes that run (roles Live, PassThrough and Foldable), each after those it depends on.</summary>
    public required IReadOnlyList<FusionGroup> Groups { get; init; }

    /// <summary>By position of the node: its group in <see cref="Groups"/>; -1 for nodes that do not run.</summary>
    public required int[] GroupOf { get; init; }

    /// <summary>
    /// By group: one of the groups that it must be in one segment with, the same for all of them; itself where there are no others.
    /// Between them no operators are fused, but what one of them fuses it could not without the others.
    /// </summary>
    public required int[] UnitOf { get; init; }

    /// <summary>By group: the groups that read its values, each once, rising.</summary>
    public required int[][] Successors { get; init; }

    /// <summary>Values that a split may make in several segments instead of handing them over; in the graph's order.</summary>
    public IReadOnlyList<CloneCandidate> CloneCandidates { get; init; } = [];

    public IReadOnlyList<Node> Nodes => Model.Graph.Nodes;

    /// <summary>The groups of some nodes, each once, rising.</summary>
    public int[] GroupsOf(IEnumerable<int> nodes)
    {
        SortedSet<int> groups = [];
        foreach (int node in nodes)
        {
            if (GroupOf[node] >= 0)
                groups.Add(GroupOf[node]);
        }
        return [.. groups];
    }

    /// <summary>Whether the graph may be cut at a value: a tensor of known element type, made by a node that runs or given by the caller.</summary>
    public bool CanCut(string value) => Facts.Of(value).CanBeCut;

    /// <summary>
    /// The shape that a sub-model may state of a value where the graph is cut: null where there is none, and by axis where nothing is known. Numbers that only the file states are left out:
    /// nobody checks those inside a model, but as an input ONNX Runtime refuses all others.
    /// </summary>
    public Dim?[]? ShapeAtCut(string value)
    {
        if (Facts.Of(value).Shape is not { } shape)
            return null;
        // Without a number there is nothing to look up.
        if (Index.IsInput(value) || Array.TrueForAll(shape, static d => d.Value is null))
            return shape;
        Dim[]? inferred = Inferred.Of(value).Shape;
        Dim?[] known = new Dim?[shape.Length];
        for (int i = 0; i < shape.Length; i++)
            known[i] = shape[i].Value is null || (inferred?.Length == shape.Length && inferred[i].Equals(shape[i])) ? shape[i] : null;
        return known;
    }

    /// <summary>Whether one session can hand a value to another in a .NET process.</summary>
    public bool CanHandOver(string value) => CanCut(value) && Facts.Of(value).Element.IsInBinding();
}
