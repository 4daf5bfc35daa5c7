using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Passes.Fusion;

/// <summary>Finds nodes that are equal in operator, inputs and attributes, as ONNX Runtime's CommonSubexpressionElimination does.</summary>
internal sealed class DuplicateNodes
{
    private readonly Dictionary<(string OpType, int FirstInput), List<(Node Node, int[] Inputs, int Position)>> _seen = [];

    /// <summary>The node seen before that computes the same; null where there is none.</summary>
    /// <param name="node">A node that runs.</param>
    /// <param name="inputs">Numbers of the values it reads; equal values have one number.</param>
    /// <param name="position">Its position.</param>
    public int? Original(Node node, int[] inputs, int position)
    {
        if (node.Domain.Length > 0 || inputs.Length == 0 || node.OpType is "Dropout" or "Bernoulli" or "Multinomial"
            || node.OpType.StartsWith("Random", StringComparison.Ordinal) || !Array.TrueForAll(node.Attributes, IsComparable))
        {
            return null;
        }
        if (!_seen.TryGetValue((node.OpType, inputs[0]), out List<(Node Node, int[] Inputs, int Position)>? candidates))
            _seen.Add((node.OpType, inputs[0]), candidates = []);
        foreach ((Node other, int[] read, int at) in candidates)
        {
            if (read.SequenceEqual(inputs) && other.Outputs.Length == node.Outputs.Length && HaveSame(other.Attributes, node.Attributes)
                && other.Outputs.Zip(node.Outputs, (a, b) => a.Length == 0 == (b.Length == 0)).All(same => same))
            {
                return at;
            }
        }
        candidates.Add((node, inputs, position));
        return null;
    }

    private static bool IsComparable(NodeAttribute attribute) => attribute.Kind
        is AttributeKind.Int or AttributeKind.Ints or AttributeKind.Float or AttributeKind.Floats or AttributeKind.String or AttributeKind.Strings;

    private static bool HaveSame(NodeAttribute[] one, NodeAttribute[] other) =>
        one.Length == other.Length && one.All(a => other.Any(b => a.Name == b.Name && a.Kind == b.Kind
            && a.Ints.SequenceEqual(b.Ints) && a.Floats.SequenceEqual(b.Floats) && a.Strings.SequenceEqual(b.Strings)));
}
