using System;
using System.Collections.Generic;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes;

/// <summary>Finds what becomes of each node: dead code, constants, what ONNX Runtime removes or folds.</summary>
internal static class NodeRoles
{
    public static NodeRole[] Of(GraphIndex index, GraphFacts facts, IReadOnlyList<string> outputs)
    {
        NodeRole[] roles = new NodeRole[facts.Order.Length];
        bool[] needed = new bool[roles.Length];
        HashSet<string> wanted = new(outputs, StringComparer.Ordinal);
        foreach (string output in outputs)
            Need(index.Producer(output), needed);
        // Backwards, so that all readers of a node's values are known before the node.
        for (int i = roles.Length - 1; i >= 0; i--)
        {
            int node = facts.Order[i];
            if (!needed[node])
            {
                roles[node] = NodeRole.Dead;
                continue;
            }
            roles[node] = index.IsConstant(node) ? NodeRole.Constant : Running(index.Nodes[node], index, facts, wanted);
            int[] sources = index.Sources(node);
            for (int read = 0; read < sources.Length; read++)
            {
                Need(sources[read], needed);
                // A node of one output is needed where that is wanted.
                if (sources[read] >= 0 && index.Nodes[sources[read]].Outputs.Length > 1)
                    wanted.Add(index.Reads(node)[read]);
            }
        }
        return roles;
    }

    private static void Need(int producer, bool[] needed)
    {
        if (producer >= 0)
            needed[producer] = true;
    }

    private static NodeRole Running(Node node, GraphIndex index, GraphFacts facts, HashSet<string> wanted) =>
        PassThroughs.IsOne(node, index, facts, wanted) ? NodeRole.PassThrough
        : IsFoldable(node, facts) ? NodeRole.Foldable
        : NodeRole.Live;

    private static bool IsFoldable(Node node, GraphFacts facts) =>
        node.Domain.Length == 0 && node.Outputs.Length > 0 && IsKnown(node.Outputs[0], facts)
        && Array.TrueForAll(node.Outputs, o => IsKnown(o, facts)) && Array.TrueForAll(node.Attributes, static a => a.Graphs.Length == 0);

    private static bool IsKnown(string value, GraphFacts facts) =>
        value.Length > 0 && facts.Of(value).Content is { } content && Array.TrueForAll(content, static d => d.Value is not null);
}
