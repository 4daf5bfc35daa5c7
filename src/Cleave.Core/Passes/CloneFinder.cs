using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes;

/// <summary>Finds what a split may make in several segments instead of handing it over.</summary>
internal static class CloneFinder
{
    // A named dimension is taken as so long: a mask of [batch, 1, 1, sequence] is cheap, a hidden state is not.
    private const long Nominal = 64;
    private const long MostElements = 16 * 1024;
    private const int MostNodes = 16;

    private static readonly HashSet<string> Cheap = new(StringComparer.Ordinal)
    {
        "Add", "And", "Cast", "DequantizeLinear", "Div", "Equal", "Expand", "Flatten", "Greater", "GreaterOrEqual", "Identity", "Less",
        "LessOrEqual", "Max", "Min", "Mul", "Neg", "Not", "Or", "Pow", "QuantizeLinear", "Reciprocal", "Relu", "Reshape", "Shape", "Slice",
        "Squeeze", "Sub", "Unsqueeze", "Where",
    };

    // They copy nothing, whatever the size.
    private static readonly HashSet<string> Views = new(StringComparer.Ordinal) { "Flatten", "Identity", "Reshape", "Shape", "Squeeze", "Unsqueeze" };

    [MethodImpl(JustInTime.Optimized)]
    public static IReadOnlyList<CloneCandidate> Find(GraphIndex index, GraphFacts facts, NodeRole[] roles, int[] groupOf)
    {
        Dictionary<string, int> readBy = new(StringComparer.Ordinal);
        HashSet<string> shared = new(StringComparer.Ordinal);
        List<CloneCandidate> found = [];
        bool[] isCheap = new bool[roles.Length];
        int[] place = new int[roles.Length];
        for (int i = 0; i < roles.Length; i++)
            place[facts.Order[i]] = i;
        foreach (int node in facts.Order)
        {
            if (groupOf[node] < 0)
                continue;
            isCheap[node] = IsCheap(index.Nodes[node], index, facts, roles[node]);
            string[] reads = index.Reads(node);
            int[] sources = index.Sources(node);
            for (int i = 0; i < reads.Length; i++)
            {
                if (sources[i] < 0 || !isCheap[sources[i]])
                    continue;
                string read = reads[i];
                if (!readBy.TryGetValue(read, out int group))
                    readBy.Add(read, groupOf[node]);
                else if (group != groupOf[node])
                    shared.Add(read);
            }
        }
        foreach (int node in facts.Order)
        {
            if (!isCheap[node])
                continue;
            foreach (string output in index.Nodes[node].Outputs)
            {
                if (shared.Contains(output) && Makers(index, node, isCheap) is { } nodes)
                    found.Add(new CloneCandidate(output, Sorted(nodes, place)));
            }
        }
        return found;
    }

    private static int[] Sorted(List<int> nodes, int[] place)
    {
        nodes.Sort((a, b) => place[a].CompareTo(place[b]));
        return [.. nodes];
    }

    private static List<int>? Makers(GraphIndex index, int last, bool[] isCheap)
    {
        List<int> nodes = [last];
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (int producer in index.Sources(nodes[i]))
            {
                if (producer >= 0 && isCheap[producer] && !nodes.Contains(producer))
                    nodes.Add(producer);
            }
            if (nodes.Count > MostNodes)
                return null;
        }
        return nodes;
    }

    private static bool IsCheap(Node node, GraphIndex index, GraphFacts facts, NodeRole role)
    {
        if (role is NodeRole.Foldable or NodeRole.PassThrough)
            return true;
        if (node.Domain.Length > 0 || index.IsFunction(node) || !Cheap.Contains(node.OpType))
            return false;
        return Views.Contains(node.OpType)
            || Array.TrueForAll(node.Outputs, o => o.Length > 0 && IsSmall(facts.Of(o).Shape));
    }

    private static bool IsSmall(Dim[]? shape)
    {
        if (shape is null)
            return false;
        long count = 1;
        foreach (Dim dim in shape)
        {
            if ((dim.Value ?? dim.Evaluate(static _ => Nominal)) is not { } size || size > MostElements || (count *= size) > MostElements)
                return false;
        }
        return true;
    }
}
