using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes.Fusion;

/// <summary>Predicts what ONNX Runtime fuses on the CPU, at EXTENDED and at ALL, and keeps together what is too small to part.</summary>
internal static class FusionGroups
{
    /// <summary>The groups of the nodes that run, not yet in order.</summary>
    public static GroupMerger Find(GraphIndex index, GraphFacts facts, NodeRole[] roles, FusionView view, IReadOnlyList<string> outputs)
    {
        (int[][] predecessors, int[][] successors) = Neighbours(index, facts.Order, roles);
        GroupMerger groups = new(predecessors, successors, facts.Order, node => roles[node] == NodeRole.PassThrough);
        foreach ((int node, int original) in view.Duplicates)
            groups.TryMerge(null, [original, node]);
        Trees.Apply(view, groups, TreeRules(view));
        Quantized.TakeDynamic(view, groups);
        Gelus.TakeBiases(view, groups);
        Normalizations.TakeSums(view, groups);
        Chains.Apply(view, groups, ChainRules(view));
        ConvolutionFusions.TakeGates(view, groups);
        bool[] sizes = ShapeChains.Find(view, roles);
        Splits.Apply(view, groups, sizes);
        ShapeChains.Apply(view, groups, sizes);
        Quantized.Apply(view, groups);
        TakePassThroughs(index, facts.Order, roles, groups, (predecessors, successors), new HashSet<string>(outputs, StringComparer.Ordinal));
        return groups;
    }

    // A build plans in a process that was just started: what none of a model's operators can be part of is not even made.
    private static TreeRule[] TreeRules(FusionView view) =>
    [
        .. view.Has("ReduceMean") ? Normalizations.Rules : [],
        .. view.Has("Erf") || view.Has("Tanh") || view.Has("Sigmoid") ? Gelus.Rules : [],
        .. view.Has("MatMulInteger") ? Quantized.Rules : [],
    ];

    private static ChainRule[] ChainRules(FusionView view) =>
    [
        .. view.Has("Conv") || view.Has("Pad") ? ConvolutionFusions.Rules : [],
        .. view.Has("MatMul") || view.Has("Gemm") ? ProductFusions.Rules : [],
        .. ElementwiseFusions.Rules,
    ];

    // What ONNX Runtime removes goes with what reads it: it could not be removed where it gives a segment's output. Where several
    // groups read it, or the caller does, it goes with what makes its value.
    [MethodImpl(JustInTime.Optimized)]
    private static void TakePassThroughs(
        GraphIndex index, int[] order, NodeRole[] roles, GroupMerger groups, (int[][] Predecessors, int[][] Successors) neighbours, HashSet<string> outputs)
    {
        (int[][] predecessors, int[][] successors) = neighbours;
        // Backwards: of several in a row the last is settled first.
        for (int i = order.Length - 1; i >= 0; i--)
        {
            int node = order[i];
            if (roles[node] != NodeRole.PassThrough)
                continue;
            int[] readers = successors[node];
            bool hasOneReader = readers.Length > 0 && Array.TrueForAll(readers, r => groups.Together(r, readers[0]));
            if (hasOneReader && (predecessors[node].Length == 0 || !outputs.Contains(index.Nodes[node].Outputs[0])))
                groups.TryMerge(null, [readers[0], node]);
            else if (predecessors[node].Length > 0)
                groups.TryMerge(null, [predecessors[node][0], node]);
        }
    }

    [MethodImpl(JustInTime.Optimized)]
    private static (int[][] Predecessors, int[][] Successors) Neighbours(GraphIndex index, int[] order, NodeRole[] roles)
    {
        int[][] predecessors = new int[roles.Length][], successors = new int[roles.Length][];
        int[] readers = new int[roles.Length], seenBy = new int[roles.Length];
        List<int> found = [];
        foreach (int node in order)
        {
            found.Clear();
            foreach (int producer in Runs(node) ? index.Sources(node) : [])
            {
                // Stamped with the reader, counted from one.
                if (producer < 0 || !Runs(producer) || seenBy[producer] == node + 1)
                    continue;
                seenBy[producer] = node + 1;
                readers[producer]++;
                found.Add(producer);
            }
            predecessors[node] = found.Count == 0 ? [] : [.. found];
        }
        for (int i = 0; i < successors.Length; i++)
            successors[i] = readers[i] == 0 ? [] : new int[readers[i]];
        foreach (int node in order)
        {
            foreach (int producer in predecessors[node])
                successors[producer][successors[producer].Length - readers[producer]--] = node;
        }
        return (predecessors, successors);

        bool Runs(int node) => roles[node] is not (NodeRole.Dead or NodeRole.Constant);
    }
}
