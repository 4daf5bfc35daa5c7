using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Passes.Fusion;

/// <summary>
/// Arithmetic on shapes, which is worth no lane: it goes with what it is for (ReshapeFusion makes constants of it there), or with
/// what it measures.
/// </summary>
internal static class ShapeChains
{
    private static readonly HashSet<string> Arithmetic = new(StringComparer.Ordinal)
    {
        "Add", "Cast", "Ceil", "Concat", "Div", "Equal", "Floor", "Gather", "Less", "Max", "Min", "Mod", "Mul", "Neg", "Not", "ReduceProd",
        "Slice", "Split", "Squeeze", "Sub", "Unsqueeze", "Where",
    };

    /// <summary>By node: whether it computes nothing but sizes.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public static bool[] Find(FusionView view, NodeRole[] roles)
    {
        bool[] found = new bool[view.Operators.Length];
        foreach (int node in view.Order)
        {
            found[node] = roles[node] == NodeRole.Foldable || view.Operators[node] is "Shape" or "Size"
                || (Arithmetic.Contains(view.Operators[node]) && Array.TrueForAll(view.Inputs[node], i => i < 0 || view.IsConstant(i) || IsSize(i))
                    && Array.Exists(view.Inputs[node], IsSize));
        }
        return found;

        bool IsSize(int value) => view.Producer(value) is >= 0 and var producer && found[producer];
    }

    [MethodImpl(JustInTime.Optimized)]
    public static void Apply(FusionView view, GroupMerger groups, bool[] sizes)
    {
        // Backwards: what a size is for is settled before the size is.
        for (int i = view.Order.Length - 1; i >= 0; i--)
        {
            int node = view.Order[i];
            if (sizes[node])
                TakeToReader(view, groups, node);
        }
        // What is left and has several readers goes with what it measures.
        foreach (int node in view.Order)
        {
            if (sizes[node])
                TakeToMeasured(view, groups, node, sizes);
        }
    }

    private static void TakeToReader(FusionView view, GroupMerger groups, int node)
    {
        if (Reader(view, groups, node) is { } reader && CanFollow(view, groups, node, reader))
            groups.TryMerge(null, [reader, node]);
    }

    private static void TakeToMeasured(FusionView view, GroupMerger groups, int node, bool[] sizes)
    {
        if (groups.Members(node).Any(m => !sizes[m]))
            return;
        int[] producers = [.. view.Inputs[node].Select(view.Producer).Where(p => p >= 0).Select(groups.GroupOf).Distinct()];
        if (producers.Length == 1)
            groups.TryMerge(null, [producers[0], node]);
    }

    // The one group that reads all of a node's values.
    private static int? Reader(FusionView view, GroupMerger groups, int node)
    {
        int reader = -1;
        foreach (int output in view.Outputs[node])
        {
            if (view.IsWanted(output))
                return null;
            foreach (int use in view.Uses(output))
            {
                if (reader >= 0 && !groups.Together(reader, use))
                    return null;
                reader = use;
            }
        }
        return reader >= 0 ? reader : null;
    }

    // What measures a tensor goes along only where the tensor is read anyway: no more is handed over than before.
    private static bool CanFollow(FusionView view, GroupMerger groups, int node, int reader)
    {
        if (view.Operators[node] is not ("Shape" or "Size"))
            return true;
        int measured = view.Inputs[node][0];
        return view.Producer(measured) < 0 || view.Uses(measured).Any(use => use != node && groups.Together(use, reader))
            || groups.Together(view.Producer(measured), reader);
    }
}
