using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;

namespace Cleave.Core.Passes.Fusion;

/// <summary>LayerNormFusion, SimplifiedLayerNormFusion, SkipLayerNormFusion, EmbedLayerNormFusion.</summary>
internal static class Normalizations
{
    private const string LayerNorm = "LayerNormalization";
    private const string Simplified = "SimplifiedLayerNormalization";

    public static IReadOnlyList<TreeRule> Rules { get; } = [.. Layer(), .. RootMeanSquare()];

    /// <summary>Sums that are normalised go with their norm, and the look-ups that make them in an embedding.</summary>
    [MethodImpl(JustInTime.Optimized)]
    public static void TakeSums(FusionView view, GroupMerger groups)
    {
        foreach (int node in view.Order)
        {
            if (groups.Kind(node) is LayerNorm or Simplified || view.Operators[node] is LayerNorm)
                TakeSum(view, groups, node);
        }
    }

    private static void TakeSum(FusionView view, GroupMerger groups, int node)
    {
        int[] members = [.. groups.Members(node)];
        int[] sums = [.. members.SelectMany(m => view.Inputs[m]).Select(view.Producer)
            .Where(p => p >= 0 && !members.Contains(p) && view.Operators[p] == "Add").Distinct()];
        if (sums is not [var sum] || !view.IsInside(sum, members.Contains))
            return;
        if (Lookups(view, sum) is { } lookups)
            groups.TryMerge("EmbedLayerNormalization", [node, .. lookups]);
        else if (IsSkip(view, sum))
            groups.TryMerge("Skip" + (groups.Kind(node) ?? LayerNorm), [node, sum]);
    }

    private static TreeRule[] Layer()
    {
        Pattern mean = Pattern.Op("ReduceMean", Pattern.Value("x"));
        Pattern centered = Pattern.Casts(Pattern.Op("Sub", Pattern.Casts(Pattern.Value("x")), Pattern.Casts(mean)));
        Pattern[] squares = [Pattern.Op("Pow", centered, Pattern.Constant), Pattern.Op("Mul", centered, centered)];
        return [.. squares.Select(square => new TreeRule(LayerNorm, Scaled(centered, square, shifted: true)))];
    }

    private static TreeRule[] RootMeanSquare()
    {
        Pattern x = Pattern.Casts(Pattern.Value("x"));
        Pattern[] squares = [Pattern.Op("Pow", x, Pattern.Constant), Pattern.Op("Mul", x, x)];
        return [.. squares.Select(square => new TreeRule(Simplified, Scaled(x, square, shifted: false)))];
    }

    // value / sqrt(mean(square) + c) · c (+ c)
    private static Pattern Scaled(Pattern value, Pattern square, bool shifted)
    {
        Pattern deviation = Pattern.Casts(Pattern.Op("Sqrt", Pattern.Op("Add", Pattern.Op("ReduceMean", square), Pattern.Constant)));
        Pattern scaled = Pattern.Op("Mul", Pattern.Casts(Pattern.Op("Div", value, deviation)), Pattern.Constant);
        return shifted ? Pattern.Op("Add", Pattern.Casts(scaled), Pattern.Constant) : scaled;
    }

    private static bool IsSkip(FusionView view, int sum)
    {
        int one = view.Inputs[sum][0], other = view.Inputs[sum][1];
        if (view.IsConstant(one) || view.IsConstant(other))
            return false;
        return view.Facts(one).Shape is not { } shape || view.Facts(other).Shape is not { } skip || (shape.Length == 3 && shape.SequenceEqual(skip));
    }

    // The two sums of three look-ups in constant tables.
    private static List<int>? Lookups(FusionView view, int sum)
    {
        List<int> nodes = [sum];
        int leaves = 0;
        for (int i = 0; i < nodes.Count; i++)
        {
            if (view.Operators[nodes[i]] == "Gather")
            {
                leaves++;
                if (!view.IsConstant(view.Inputs[nodes[i]][0]))
                    return null;
                continue;
            }
            foreach (int input in view.Inputs[nodes[i]])
            {
                int producer = view.Producer(input);
                if (view.IsConstant(input))
                    continue;
                if (producer < 0 || view.Operators[producer] is not ("Add" or "Gather") || !view.HasOneUse(producer) || nodes.Count > 5)
                    return null;
                nodes.Add(producer);
            }
        }
        return leaves >= 2 ? nodes : null;
    }
}
