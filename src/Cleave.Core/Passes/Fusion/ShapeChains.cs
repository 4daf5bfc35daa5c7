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
        GroupContents contents = new(view, groups, sizes);
        // Backwards: what a size is for is settled before the size is.
        for (int i = view.Order.Length - 1; i >= 0; i--)
        {
            int node = view.Order[i];
            if (sizes[node])
                TakeToReader(view, groups, contents, node);
        }
        // What is left and has several readers goes with what it measures.
        foreach (int node in view.Order)
        {
            if (sizes[node])
                TakeToMeasured(view, groups, contents, node);
        }
    }

    private static void TakeToReader(FusionView view, GroupMerger groups, GroupContents contents, int node)
    {
        if (Reader(view, groups, node) is { } reader && CanFollow(view, groups, contents, node, reader))
            contents.Merge(reader, node);
    }

    private static void TakeToMeasured(FusionView view, GroupMerger groups, GroupContents contents, int node)
    {
        if (!contents.AreSizes(node))
            return;
        int[] producers = [.. view.Inputs[node].Select(view.Producer).Where(p => p >= 0).Select(groups.GroupOf).Distinct()];
        if (producers.Length == 1)
            contents.Merge(producers[0], node);
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
    private static bool CanFollow(FusionView view, GroupMerger groups, GroupContents contents, int node, int reader)
    {
        if (view.Operators[node] is not ("Shape" or "Size"))
            return true;
        int measured = view.Input(node, 0);
        return view.Producer(measured) < 0 || groups.Together(node, reader) || contents.IsRead(measured, reader) || groups.Together(view.Producer(measured), reader);
    }

    /// <summary>What is asked of the groups while they grow, kept up to date: their nodes are not looked through for each question.</summary>
    private sealed class GroupContents
    {
        private readonly GroupMerger _groups;

        // By group: how many of its nodes are sizes, and which of the values that sizes measure it reads.
        private readonly int[] _sizes;
        private readonly HashSet<int>?[] _reads;

        [MethodImpl(JustInTime.Optimized)]
        public GroupContents(FusionView view, GroupMerger groups, bool[] sizes)
        {
            _groups = groups;
            _sizes = new int[sizes.Length];
            _reads = new HashSet<int>?[sizes.Length];
            HashSet<int> seen = [];
            foreach (int node in view.Order)
            {
                if (!sizes[node])
                    continue;
                _sizes[groups.GroupOf(node)]++;
                int measured = view.Input(node, 0);
                if (view.Operators[node] is not ("Shape" or "Size") || view.Producer(measured) < 0 || !seen.Add(measured))
                    continue;
                foreach (int use in view.Uses(measured))
                    (_reads[groups.GroupOf(use)] ??= []).Add(measured);
            }
        }

        public bool AreSizes(int node) => _sizes[_groups.GroupOf(node)] == _groups.Count(node);

        public bool IsRead(int measured, int node) => _reads[_groups.GroupOf(node)]?.Contains(measured) ?? false;

        // What lies between the two and comes along does nothing: it is no size, and reads no value of the view.
        public void Merge(int one, int other)
        {
            int first = _groups.GroupOf(one), second = _groups.GroupOf(other);
            if (!_groups.TryMerge(null, [one, other]) || first == second)
                return;
            int root = _groups.GroupOf(one);
            _sizes[root] = _sizes[first] + _sizes[second];
            (HashSet<int>? more, HashSet<int>? less) = (_reads[first]?.Count ?? 0) >= (_reads[second]?.Count ?? 0) ? (_reads[first], _reads[second]) : (_reads[second], _reads[first]);
            if (less is not null)
                more!.UnionWith(less);
            _reads[root] = more;
        }
    }
}
