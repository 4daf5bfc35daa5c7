using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Passes.Fusion;

/// <summary>GeluFusion, BiasGeluFusion, FastGeluFusion, QuickGeluFusion: x · cdf(x) in the orders that exporters write.</summary>
internal static class Gelus
{
    private static readonly Pattern X = Pattern.Value("x");
    private static readonly Pattern C = Pattern.Constant;

    public static IReadOnlyList<TreeRule> Rules { get; } =
    [
        .. Orders("Gelu", Pattern.Op("Add", Pattern.Op("Erf", Pattern.Op("Div|Mul", X, C)), C)),
        .. Orders("FastGelu", Pattern.Op("Add", Pattern.Op("Tanh", Cubic()), C)),
        .. Orders("FastGelu", Pattern.Op("Add", Pattern.Op("Tanh", Factored()), C)),
        new TreeRule("QuickGelu", Pattern.Op("Mul", X, Pattern.Op("Sigmoid", Pattern.Op("Mul", X, C)))),
        new TreeRule("QuickGelu", Pattern.Op("Mul", X, Pattern.Op("Sigmoid", X))),
    ];

    /// <summary>A bias whose sum goes only into a GELU goes with it.</summary>
    public static void TakeBiases(FusionView view, GroupMerger groups)
    {
        foreach (int node in view.With("Add"))
        {
            if (!view.Inputs[node].Any(view.IsConstant) || view.Uses(view.Outputs[node][0]) is not [var first, ..])
                continue;
            bool isGelu = view.Operators[first] is "Gelu" or "com.microsoft:Gelu" or "com.microsoft:FastGelu";
            if (groups.Kind(first) is not ("Gelu" or "FastGelu") && !isGelu)
                continue;
            if (!groups.Together(node, first) && view.IsInside(node, n => groups.Together(n, first)))
                groups.TryMerge(groups.Kind(first) == "FastGelu" ? "FastGelu" : "BiasGelu", [node, first]);
        }
    }

    // (x · half) · bell, (x · bell) · half, x · (bell · half)
    private static IEnumerable<TreeRule> Orders(string kind, Pattern bell) =>
    [
        new TreeRule(kind, Pattern.Op("Mul", Pattern.Op("Mul", X, C), bell)),
        new TreeRule(kind, Pattern.Op("Mul", Pattern.Op("Mul", X, bell), C)),
        new TreeRule(kind, Pattern.Op("Mul", X, Pattern.Op("Mul", bell, C))),
    ];

    // c · (x + c · x³)
    private static Pattern Cubic() =>
        Pattern.Op("Mul", Pattern.Op("Add", X, Pattern.Op("Mul", Pattern.Op("Pow", X, C), C)), C);

    // c · x · (1 + c · x · x)
    private static Pattern Factored() =>
        Pattern.Op("Mul", Pattern.Op("Mul", X, C), Pattern.Op("Add", Pattern.Op("Mul", Pattern.Op("Mul", X, C), X), C));
}
