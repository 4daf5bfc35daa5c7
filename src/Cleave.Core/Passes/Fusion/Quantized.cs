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

    public static IReadOnlyList<TreeRule> Rules { get; } = [.. Integer().SelectMany(WithBias)];

    /// <summary>Puts each DequantizeLinear to its readers, and each QuantizeLinear to what it rounds.</summary>
    public static void Apply(FusionView view, GroupMerger groups)
    {
        foreach (int node in view.Order)
        {
            if (view.Operators[node] == "DequantizeLinear")
                TakeReaders(view, groups, node);
        }
        foreach (int node in view.Order)
        {
            int source = view.Producer(view.Input(node, 0));
            if (view.Operators[node] != "QuantizeLinear" || source < 0 || view.Operators[source] == "DequantizeLinear" || !view.HasOneUse(source))
                continue;
            if (Clipped(view, source) is { } clipped && IsQuantised(groups, clipped))
                groups.TryMerge(Kind, [clipped, source, node]);
            else
                groups.TryMerge(IsQuantised(groups, source) ? Kind : null, [source, node]);
        }
    }

    // What a Relu or Clip cuts off: rounding to the type's range can do it instead.
    private static int? Clipped(FusionView view, int node) =>
        view.Operators[node] is "Relu" or "Clip" && view.Producer(view.Input(node, 0)) is >= 0 and var source && view.HasOneUse(source) ? source : null;

    /// <summary>A DynamicQuantizeLinear with one product goes with it.</summary>
    public static void TakeDynamic(FusionView view, GroupMerger groups)
    {
        foreach (int node in view.Order)
        {
            if (view.Operators[node] != "DynamicQuantizeLinear" || view.Uses(view.Outputs[node][0]) is not [var reader, ..])
                continue;
            if (groups.Kind(reader) == "MatMulIntegerToFloat" && view.IsInside(node, n => groups.Together(n, reader)))
                groups.TryMerge("DynamicQuantizeMatMul", [node, reader]);
        }
    }

    private static void TakeReaders(FusionView view, GroupMerger groups, int node)
    {
        int value = view.Outputs[node][0];
        int[] readers = [.. view.Uses(value).Where(n => view.Operators[n] is not "QuantizeLinear").Distinct()];
        if (readers.Length > 0 && !view.IsWanted(value))
            groups.TryMerge(Kind, [node, .. readers], readers.Length == 1 ? 0 : MostBetween);
    }

    private static bool IsQuantised(GroupMerger groups, int node) => groups.Kind(node) == Kind;

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
