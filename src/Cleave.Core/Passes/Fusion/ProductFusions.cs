using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Passes.Fusion;

/// <summary>
/// Matrix products and what they take in: MatMulAddFusion, GemmTransposeFusion, GemmSumFusion, MatmulBNFusion (BASIC),
/// GemmActivationFusion, MatmulTransposeFusion and MatMulScaleFusion (EXTENDED).
/// </summary>
internal static class ProductFusions
{
    private const string MatMul = "MatMul";
    private const string Gemm = "Gemm";
    private const string Fused = "FusedMatMul";

    private static readonly string[] Activations =
        ["Relu", "Sigmoid", "Tanh", "LeakyRelu", "Elu", "HardSigmoid", "Selu", "Softplus", "Softsign", "ThresholdedRelu"];

    public static IReadOnlyList<ChainRule> Rules { get; } =
    [
        new ChainRule(MatMul, "Add", Gemm, IsBias),
        new ChainRule(MatMul, "BatchNormalization", Gemm, static (view, from, _, input) => input == 0 && view.IsConstant(view.Input(from, 1))),
        new ChainRule("Transpose", Gemm, Gemm, static (view, from, _, input) => input < 2 && SwapsLastTwo(view, from)),
        new ChainRule(Gemm, "Transpose", Gemm, static (view, _, reader, _) => SwapsLastTwo(view, reader)),
        new ChainRule(Gemm, "Sum", Gemm, static (view, from, reader, _) =>
            view.Operators[from] == Gemm && view.Input(from, 2) < 0 && view.Inputs[reader].Length == 2),
        .. Activations.Select(a => new ChainRule(Gemm, a, "GemmActivation")),
        .. Into("Transpose", static (view, from, _, _) => SwapsLastTwo(view, from) || MovesBatch(view, from)),
        .. Into("Mul", Scales),
        .. Into("Div", Scales),
        .. OutOf("Mul"),
        .. OutOf("Div"),
    ];

    private static IEnumerable<ChainRule> Into(string from, System.Func<FusionView, int, int, int, bool> when) =>
    [
        new ChainRule(from, MatMul, Fused, (view, f, r, i) => !IsQuantised(view, r) && when(view, f, r, i)),
        new ChainRule(from, Fused, Fused, when),
    ];

    private static IEnumerable<ChainRule> OutOf(string reader) =>
    [
        new ChainRule(MatMul, reader, Fused, static (view, from, r, input) => !IsQuantised(view, from) && IsScale(view, r, input)),
        new ChainRule(Fused, reader, Fused, static (view, _, r, input) => IsScale(view, r, input)),
    ];

    private static bool Scales(FusionView view, int from, int reader, int input) => IsScale(view, from, 0) || IsScale(view, from, 1);

    // One number: x · c, c · x, x / c.
    private static bool IsScale(FusionView view, int node, int input)
    {
        int[] operands = view.Inputs[node];
        if (operands.Length != 2 || (view.Operators[node] == "Div" && input != 0) || view.IsConstant(operands[input]))
            return false;
        int other = operands[1 - input];
        return view.IsConstant(other) && view.Facts(other).Count() is not { Value: not 1 };
    }

    // Quantised products fuse in other ways.
    private static bool IsQuantised(FusionView view, int product) =>
        view.Inputs[product].Any(i => view.Producer(i) is >= 0 and var node && view.Operators[node] == "DequantizeLinear");

    // Of rank 2 the product and its bias are a Gemm; of a higher rank only where all dimensions are known, between Reshapes.
    private static bool IsBias(FusionView view, int product, int reader, int input)
    {
        int bias = view.Inputs[reader][1 - input];
        if (view.Inputs[reader][0] == view.Inputs[reader][1] || view.Facts(bias).Shape is { Length: > 2 } || !IsGemm(view, product))
            return false;
        // Of two products that are added, the first takes the other as its bias.
        int other = view.Producer(bias);
        return other < 0 || other > product || view.Operators[other] != MatMul || !view.HasOneUse(other) || !IsGemm(view, other);
    }

    private static bool IsGemm(FusionView view, int product)
    {
        if (IsQuantised(view, product) || view.Facts(view.Input(product, 1)).Shape is { Length: not 2 })
            return false;
        if (view.Facts(view.Input(product, 0)).Shape is { } rows && rows.Length != 2 && !System.Array.TrueForAll(rows, d => d.Value is not null))
            return false;
        return true;
    }

    private static bool SwapsLastTwo(FusionView view, int transpose)
    {
        long[]? order = view.Ints(transpose, "perm");
        if (order is null)
            return view.Facts(view.Input(transpose, 0)).Shape is not { Length: not 2 };
        for (int i = 0; i < order.Length - 2; i++)
        {
            if (order[i] != i)
                return false;
        }
        return order.Length >= 2 && order[^1] == order.Length - 2 && order[^2] == order.Length - 1;
    }

    // [rows, batch, …, columns] as [batch, …, rows, columns], or with the last two swapped.
    private static bool MovesBatch(FusionView view, int transpose)
    {
        if (view.Ints(transpose, "perm") is not { Length: > 2 } order)
            return false;
        for (int i = 0; i < order.Length - 2; i++)
        {
            if (order[i] != i + 1)
                return false;
        }
        return (order[^2] == 0 && order[^1] == order.Length - 1) || (order[^1] == 0 && order[^2] == order.Length - 1);
    }
}
