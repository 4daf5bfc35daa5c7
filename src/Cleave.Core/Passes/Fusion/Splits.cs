using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Passes.Fusion;

/// <summary>Slices and look-ups that take one tensor apart along an axis: GatherSliceToSplitFusion, GatherToSplitFusion.</summary>
internal static class Splits
{
    /// <param name="view">The graph.</param>
    /// <param name="groups">Where to merge.</param>
    /// <param name="sizes">By node: whether it computes nothing but sizes, which are not worth it.</param>
    public static void Apply(FusionView view, GroupMerger groups, bool[] sizes)
    {
        HashSet<int> seen = [];
        foreach (int node in view.With("Slice", "Gather"))
        {
            if (sizes[node] || view.IsConstant(view.Input(node, 0)) || !seen.Add(view.Inputs[node][0]))
                continue;
            int[] parts = [.. view.Uses(view.Inputs[node][0]).Where(use => Axis(view, use, view.Inputs[node][0]) is not null).Distinct()];
            foreach (IGrouping<long, int> alongOne in parts.GroupBy(p => Axis(view, p, view.Inputs[node][0])!.Value))
            {
                int[] members = [.. alongOne];
                if (members.Length > 1 && members.All(m => groups.Kind(m) is null))
                    groups.TryMerge("Split", members);
            }
        }
    }

    // The axis of a part at a fixed place; null for anything else.
    private static long? Axis(FusionView view, int node, int whole)
    {
        if (view.Inputs[node].Length == 0 || view.Inputs[node][0] != whole)
            return null;
        long? axis = view.Operators[node] switch
        {
            "Gather" when view.IsConstant(view.Input(node, 1)) && view.Facts(view.Inputs[node][1]).Shape is null or [] => view.Int(node, "axis", 0),
            "Slice" when view.Inputs[node].Skip(1).All(view.IsConstant) => SliceAxis(view, node),
            _ => null,
        };
        return axis < 0 && view.Facts(whole).Shape is { } shape ? axis + shape.Length : axis;
    }

    private static long? SliceAxis(FusionView view, int node) =>
        view.Ints(node, "axes") is { } axes ? (axes.Length == 1 ? axes[0] : null)
        : view.Input(node, 3) >= 0 && view.Facts(view.Input(node, 3)).Content is { } given ? (given.Length == 1 ? given[0].Value : null)
        : null;
}
