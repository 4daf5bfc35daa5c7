using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes;

/// <summary>
/// Nodes whose output is their first input: what ONNX Runtime's EliminateIdentity, EliminateDropout, CastElimination,
/// EliminateSlice and ExpandElimination remove.
/// </summary>
internal static class PassThroughs
{
    private const long Unbounded = int.MaxValue;

    /// <param name="node">Any node.</param>
    /// <param name="index">The model's graph.</param>
    /// <param name="facts">What is known of its values.</param>
    /// <param name="wanted">The values that something reads.</param>
    public static bool IsOne(Node node, GraphIndex index, GraphFacts facts, HashSet<string> wanted)
    {
        if (node.Domain.Length > 0 || index.IsFunction(node) || node.Inputs.Length == 0 || node.Inputs[0].Length == 0 || node.Outputs.Length == 0)
            return false;
        return node.OpType switch
        {
            "Identity" => true,
            "Dropout" => IsInference(node, facts) && (node.Outputs.Length < 2 || !wanted.Contains(node.Outputs[1])),
            "Cast" => facts.Of(node.Inputs[0]) is { CanBeCut: true } input && Numbers(node, "to") is [var to] && to == (long)input.Element,
            "Slice" => TakesAll(node, facts),
            "Expand" => KeepsShape(node, facts),
            _ => false,
        };
    }

    // Before operator set 12 a node drops nothing unless an old attribute says so; since then an input says it.
    private static bool IsInference(Node node, GraphFacts facts) =>
        !(Numbers(node, "is_test") is [0])
        && (node.Inputs.Length < 3 || node.Inputs[2].Length == 0 || facts.Of(node.Inputs[2]).Content is [{ Value: 0 }]);

    private static bool TakesAll(Node node, GraphFacts facts) =>
        (Numbers(node, "starts") ?? Numbers(node, 1, facts)) is { } starts && starts.All(s => s == 0)
        && (Numbers(node, "ends") ?? Numbers(node, 2, facts)) is { } ends && ends.All(e => e >= Unbounded)
        && (node.Inputs.Length < 5 || node.Inputs[4].Length == 0 || (Numbers(node, 4, facts) is { } steps && steps.All(s => s == 1)));

    private static bool KeepsShape(Node node, GraphFacts facts)
    {
        if (Numbers(node, 1, facts) is not { } sizes || facts.Of(node.Inputs[0]).Shape is not { } shape || sizes.Length > shape.Length || shape.Any(d => d.Value is null))
            return false;
        int first = shape.Length - sizes.Length;
        return sizes.Select((size, i) => size == 1 || size == shape[first + i].Value).All(static same => same);
    }

    private static long[]? Numbers(Node node, string attribute) => node.Attribute(attribute) is { Ints.Length: > 0 } found ? found.Ints : null;

    private static long[]? Numbers(Node node, int input, GraphFacts facts) =>
        input < node.Inputs.Length && facts.Of(node.Inputs[input]).Content is { } content && Array.TrueForAll(content, d => d.Value is not null)
            ? Array.ConvertAll(content, d => d.Value!.Value)
            : null;
}
