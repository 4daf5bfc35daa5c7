using System;
using System.Collections.Generic;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes.Fusion;

/// <summary>Predicts what ONNX Runtime fuses on the CPU, at EXTENDED and at ALL, and keeps together what is too small to part.</summary>
internal static class FusionGroups
{
    private static readonly ChainRule[] ChainRules = [.. Convolutions.Rules, .. Products.Rules, .. Elementwise.Rules];
    private static readonly TreeRule[] TreeRules = [.. Normalizations.Rules, .. Gelus.Rules, .. Quantized.Rules];

    /// <summary>The groups of the nodes that run, not yet in order.</summary>
    public static GroupMerger Find(GraphIndex index, GraphFacts facts, NodeRole[] roles, IReadOnlyList<string> outputs)
    {
        FusionView view = new(index, facts, roles, outputs);
        (int[][] predecessors, int[][] successors) = Neighbours(index, facts.Order, roles);
        GroupMerger groups = new(predecessors, successors, facts.Order);
        // First what is seen through: nothing can be fused over a node of another group.
        TakePassThroughs(facts.Order, roles, groups, predecessors, successors);
        foreach ((int node, int original) in view.Duplicates)
            groups.TryMerge(null, [original, node]);
        Trees.Apply(view, groups, TreeRules);
        Quantized.TakeDynamic(view, groups);
        Gelus.TakeBiases(view, groups);
        Normalizations.TakeSums(view, groups);
        Chains.Apply(view, groups, ChainRules);
        Convolutions.TakeGates(view, groups);
        bool[] sizes = ShapeChains.Find(view, roles);
        Splits.Apply(view, groups, sizes);
        ShapeChains.Apply(view, groups, sizes);
        Quantized.Apply(view, groups);
        return groups;
    }

    // What ONNX Runtime removes goes with what makes its value, or with what reads it where that is the caller.
    private static void TakePassThroughs(int[] order, NodeRole[] roles, GroupMerger groups, int[][] predecessors, int[][] successors)
    {
        foreach (int node in order)
        {
            if (roles[node] != NodeRole.PassThrough)
                continue;
            if (predecessors[node].Length > 0)
                groups.TryMerge(null, [predecessors[node][0], node]);
            else if (successors[node].Length == 1)
                groups.TryMerge(null, [successors[node][0], node]);
        }
    }

    private static (int[][] Predecessors, int[][] Successors) Neighbours(GraphIndex index, int[] order, NodeRole[] roles)
    {
        int[][] predecessors = new int[roles.Length][];
        List<int>[] successors = new List<int>[roles.Length];
        for (int i = 0; i < roles.Length; i++)
        {
            predecessors[i] = [];
            successors[i] = [];
        }
        foreach (int node in order)
        {
            if (roles[node] is NodeRole.Dead or NodeRole.Constant)
                continue;
            List<int> found = [];
            foreach (string read in index.Reads(node))
            {
                int producer = index.Producer(read);
                if (producer < 0 || roles[producer] is NodeRole.Dead or NodeRole.Constant || found.Contains(producer))
                    continue;
                found.Add(producer);
                successors[producer].Add(node);
            }
            predecessors[node] = [.. found];
        }
        return (predecessors, Array.ConvertAll(successors, s => s.ToArray()));
    }
}
