using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes;

/// <summary>Finds what becomes of each node: dead code, constants, what ONNX Runtime removes or folds.</summary>
internal static class NodeRoles
{
    [MethodImpl(JustInTime.Optimized)]
    public static NodeRole[] Of(GraphIndex index, GraphFacts facts, IReadOnlyList<string> outputs)
    {
        NodeRole[] roles = new NodeRole[facts.Order.Length];
        bool[] needed = new bool[roles.Length];
        HashSet<string> wanted = new(StringComparer.Ordinal);
        foreach (string output in outputs)
            Need(output);
        // Backwards, so that all readers of a node's values are known before the node.
        for (int i = roles.Length - 1; i >= 0; i--)
        {
            int node = facts.Order[i];
            roles[node] = !needed[node] ? NodeRole.Dead : index.IsConstant(node) ? NodeRole.Constant : Running(index.Nodes[node], facts, wanted);
            if (!needed[node])
                continue;
            foreach (string read in index.Reads(node))
                Need(read);
        }
        return roles;

        void Need(string value)
        {
            wanted.Add(value);
            int producer = index.Producer(value);
            if (producer >= 0)
                needed[producer] = true;
        }
    }

    private static NodeRole Running(Node node, GraphFacts facts, HashSet<string> wanted) =>
        PassThroughs.IsOne(node, facts, wanted) ? NodeRole.PassThrough
        : IsFoldable(node, facts) ? NodeRole.Foldable
        : NodeRole.Live;

    private static bool IsFoldable(Node node, GraphFacts facts) =>
        node.Domain.Length == 0 && node.Outputs.Length > 0 && !node.Attributes.Any(a => a.Graphs.Length > 0)
        && node.Outputs.All(o => o.Length > 0 && facts.Of(o).Content is { } content && content.All(d => d.Value is not null));
}
