using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Passes.Fusion;

/// <summary>Finds nodes that are equal in operator, inputs and attributes, as ONNX Runtime's CommonSubexpressionElimination does.</summary>
internal sealed class DuplicateNodes
{
    // Of a value that half the graph reads, only so many readers are compared with each new one.
    private const int MostCompared = 256;

    // No operator has as many attributes; each is looked for among the other node's.
    private const int MostAttributes = 64;

    // By the first value that they read.
    private readonly Dictionary<int, List<Candidate>> _seen = [];

    /// <summary>The node seen before that computes the same; null where there is none.</summary>
    /// <param name="node">A node that runs.</param>
    /// <param name="inputs">Numbers of the values it reads; equal values have one number.</param>
    /// <param name="position">Its position.</param>
    public int? Original(Node node, int[] inputs, int position)
    {
        if (inputs.Length == 0 || !CanBeEqual(node))
            return null;
        if (!_seen.TryGetValue(inputs[0], out List<Candidate>? candidates))
            _seen.Add(inputs[0], candidates = new(1));
        for (int i = Math.Max(0, candidates.Count - MostCompared); i < candidates.Count; i++)
        {
            if (AreEqual(node, candidates[i].Node) && AreEqual(candidates[i].Inputs, inputs))
                return candidates[i].Position;
        }
        candidates.Add(new Candidate(node, inputs, position));
        return null;
    }

    // What a listing leaves out of a node may be what it differs in.
    private static bool CanBeEqual(Node node) =>
        node.Domain.Length == 0 && node.Attributes.Length <= MostAttributes && node.OpType is not ("Dropout" or "Bernoulli" or "Multinomial") && !LearnedAttributes.IsOfTerms(node.Domain, node.OpType)
        && !node.OpType.StartsWith("Random", StringComparison.Ordinal) && Array.TrueForAll(node.Attributes, IsComparable);

    private static bool AreEqual(Node one, Node other) =>
        one.OpType == other.OpType && one.Domain == other.Domain && HaveSame(one.Attributes, other.Attributes)
        && LeaveOutSame(one.Outputs, other.Outputs);

    private static bool LeaveOutSame(string[] one, string[] other)
    {
        bool same = one.Length == other.Length;
        for (int i = 0; same && i < one.Length; i++)
            same = one[i].Length == 0 == (other[i].Length == 0);
        return same;
    }

    private static bool IsComparable(NodeAttribute attribute) => attribute.Kind
        is AttributeKind.Int or AttributeKind.Ints or AttributeKind.Float or AttributeKind.Floats or AttributeKind.String or AttributeKind.Strings;

    private static bool HaveSame(NodeAttribute[] one, NodeAttribute[] other)
    {
        if (one.Length != other.Length)
            return false;
        foreach (NodeAttribute attribute in one)
        {
            if (!Array.Exists(other, o => AreEqual(attribute, o)))
                return false;
        }
        return true;
    }

    private static bool AreEqual(NodeAttribute one, NodeAttribute other)
    {
        if (one.Name != other.Name || one.Kind != other.Kind || one.Ints.Length != other.Ints.Length
            || one.Floats.Length != other.Floats.Length || one.Strings.Length != other.Strings.Length)
        {
            return false;
        }
        for (int i = 0; i < one.Ints.Length; i++)
        {
            if (one.Ints[i] != other.Ints[i])
                return false;
        }
        for (int i = 0; i < one.Floats.Length; i++)
        {
            if (!one.Floats[i].Equals(other.Floats[i]))
                return false;
        }
        for (int i = 0; i < one.Strings.Length; i++)
        {
            if (!one.Strings[i].Equals(other.Strings[i]))
                return false;
        }
        return true;
    }

    // Loops, not Enumerable: it is compiled anew for each type of element, and a build plans in a process that was just started.
    private static bool AreEqual(int[] one, int[] other)
    {
        bool same = one.Length == other.Length;
        for (int i = 0; same && i < one.Length; i++)
            same = one[i] == other[i];
        return same;
    }

    private sealed class Candidate(Node node, int[] inputs, int position)
    {
        public readonly Node Node = node;
        public readonly int[] Inputs = inputs;
        public readonly int Position = position;
    }
}
