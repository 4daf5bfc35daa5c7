using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Passes.Fusion;

/// <summary>
/// Operators between DequantizeLinear and QuantizeLinear (QDQSelectorActionTransformer, ClipQuantFusion, ReluQuantFusion), and
/// dynamic quantisation (DynamicQuantizeMatMulFusion, MatMulIntegerToFloatFusion).
/// </summary>
internal static class Quantized
{
    public const string Kind = "Quantized";

    // Each reader of a DequantizeLinear needs its own. Where that holds too much together, it is a candidate for cloning instead.
    private const int MostBetween = 24;

    // QDQPropagation moves quantisers over them.
    private static readonly HashSet<string> Movements =
        ["Expand", "Flatten", "Gather", "MaxPool", "Reshape", "Slice", "Squeeze", "Tile", "Transpose", "Unsqueeze"];

    public static IReadOnlyList<TreeRule> Rules { get; } = [.. Integer().SelectMany(WithBias)];

    /// <summary>Puts each DequantizeLinear to its readers, and each QuantizeLinear to what it rounds.</summary>
    public static void Apply(FusionView view, GroupMerger groups)
    {
        foreach (int node in view.With("DequantizeLinear"))
            TakeReaders(view, groups, node);
        foreach (int node in view.With("QuantizeLinear"))
            TakeSource(view, groups, node);
    }

    // What is rounded, also over movements and over a Relu or Clip: rounding to the type's range can do it instead.
    private static void TakeSource(FusionView view, GroupMerger groups, int node)
    {
        List<int> taken = [node];
        for (int source = Single(node); source >= 0; source = Single(source))
        {
            taken.Add(source);
            if (groups.Kind(source) == Kind)
            {
                groups.TryMerge(Kind, taken);
                return;
            }
            if (!Movements.Contains(view.Operators[source]) && view.Operators[source] is not ("Relu" or "Clip"))
                break;
        }
        if (taken.Count > 1)
            groups.TryMerge(null, taken.Take(2));

        // What is read once, but for its shape.
        int Single(int reader) =>
            view.Producer(view.Input(reader, 0)) is >= 0 and var source && view.Operators[source] != "DequantizeLinear"
            && view.Outputs[source].Length == 1 && !view.IsWanted(view.Outputs[source][0])
            && view.Uses(view.Outputs[source][0]).Count(use => view.Operators[use] != "Shape") == 1 ? source : -1;
    }

    /// <summary>A DynamicQuantizeLinear with one product goes with it.</summary>
    public static void TakeDynamic(FusionView view, GroupMerger groups)
    {
        foreach (int node in view.With("DynamicQuantizeLinear"))
        {
            if (view.Uses(view.Outputs[node][0]) is not [var reader, ..])
                continue;
            if (groups.Kind(reader) == "MatMulIntegerToFloat" && view.IsInside(node, n => groups.Together(n, reader)))
                groups.TryMerge("DynamicQuantizeMatMul", [node, reader]);
        }
    }

    private static void TakeReaders(FusionView view, GroupMerger groups, int node)
    {
        int value = view.Outputs[node][0];
        List<int> readers = [.. view.Uses(value).Where(n => view.Operators[n] is not "QuantizeLinear").Distinct()];
        if (readers.Count == 0 || view.IsWanted(value))
            return;
        int between = readers.Count == 1 ? 0 : MostBetween;
        // Behind a movement comes the operator that it is for.
        for (int i = 0; i < readers.Count; i++)
        {
            if (Movements.Contains(view.Operators[readers[i]]) && view.HasOneUse(readers[i]) && view.Uses(view.Outputs[readers[i]][0]) is [var next]
                && view.Operators[next] != "QuantizeLinear" && !readers.Contains(next))
            {
                readers.Add(next);
            }
        }
        groups.TryMerge(Kind, [node, .. readers], between);
    }

    private static IEnumerable<Pattern> Integer()
    {
        Pattern a = Pattern.Value("a"), b = Pattern.Value("b"), zeroA = Pattern.Value("zeroA"), zeroB = Pattern.Value("zeroB");
        Pattern scale = Pattern.Op("Mul", Pattern.Value("scaleA"), Pattern.Value("scaleB"));
        yield return Scaled(Pattern.Op("MatMulInteger", a, b, zeroA, zeroB));
        yield return Scaled(Pattern.Op("MatMulInteger", a, b, zeroA));
        yield return Scaled(Pattern.Op("MatMulInteger", a, b));

        Pattern Scaled(Pattern product) => Pattern.Op("Mul", Pattern.Op("Cast", product), scale);
    }

    private static IEnumerable<TreeRule> WithBias(Pattern product) =>
    [
        new TreeRule("MatMulIntegerToFloat", Pattern.Op("Add", product, Pattern.Constant)),
        new TreeRule("MatMulIntegerToFloat", product),
    ];
}
