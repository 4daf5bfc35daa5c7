using System;
using System.Collections.Generic;

namespace Cleave.Core.Cost;

/// <summary>Products of matrices, and recurrences, which consist of them.</summary>
internal static class MatrixWork
{
    public static IReadOnlyList<Work>? Of(NodeSizes node) => node.OpType switch
    {
        "Gemm" or "FusedGemm" => Gemm(node),
        "MatMul" or "FusedMatMul" => Product(node, node.Input(0), node.Input(1), node.IsConstant(1) ? "gemm" : "matmul"),
        "MatMulInteger" or "MatMulIntegerToFloat" => Product(node, node.Input(0), node.Input(1), "gemm-quantized"),
        "QLinearMatMul" => Product(node, node.Input(0), node.Input(3), "gemm-quantized"),
        "QGemm" => Product(node, node.Input(0), Transposed(node.Input(3), node.Integer("transB", 0)), "gemm-quantized"),
        "DynamicQuantizeMatMul" => Dynamic(node),
        "MatMulNBits" => Packed(node),
        "LSTM" => Recurrent(node, "lstm", 4),
        "GRU" => Recurrent(node, "gru", 3),
        "RNN" => Recurrent(node, "gru", 1),
        "DynamicQuantizeLSTM" => DynamicRecurrent(node),
        "Attention" or "QAttention" => Attention(node),
        _ => null,
    };

    /// <summary>MatMul or Gemm on eight-bit numbers.</summary>
    public static IReadOnlyList<Work>? Quantized(NodeSizes node) =>
        (node.OpType == "Gemm" ? Gemm(node) : Product(node, node.Input(0), node.Input(1), "gemm")) is { } works ? [works[0] with { Kernel = "gemm-quantized", Weights = works[0].Weights / 4 }] : null;

    private static IReadOnlyList<Work>? Gemm(NodeSizes node) => Product(
        node, Transposed(node.Input(0), node.Integer("transA", 0)), Transposed(node.Input(1), node.Integer("transB", 0)), node.IsConstant(1) ? "gemm" : "matmul");

    private static long[]? Transposed(long[]? shape, long isTransposed) =>
        shape is { Length: 2 } && isTransposed != 0 ? [shape[1], shape[0]] : shape;

    private static IReadOnlyList<Work>? Product(NodeSizes node, long[]? a, long[]? b, string kernel)
    {
        if (a is not { Length: > 0 } || b is not { Length: > 0 } || node.Output(0) is not { } output)
            return null;
        double k = a[a.Length - 1], n = b.Length == 1 ? 1 : b[b.Length - 1];
        // FusedMatMul can transpose its operands on the fly.
        if (node.OpType == "FusedMatMul" && node.Integer("transA", 0) != 0 && a.Length > 1)
            k = a[a.Length - 2];
        if (node.OpType == "FusedMatMul" && node.Integer("transB", 0) != 0 && b.Length > 1)
            n = b[b.Length - 2];
        double rows = NodeSizes.Count(output) / Math.Max(1, n);
        // One matrix on the right: all rows are one product.
        if (b.Length <= 2)
            return [Of(kernel, rows, k, n) with { Weights = kernel == "matmul" ? 0 : k * n * (kernel == "gemm" ? 4 : 1) }];
        double m = a.Length == 1 ? 1 : output[output.Length - 2];
        return [Of(kernel, m, k, n, Math.Max(1, rows / Math.Max(1, m)))];
    }

    private static IReadOnlyList<Work>? Dynamic(NodeSizes node)
    {
        if (Product(node, node.Input(0), node.Input(1), "gemm-quantized") is not { } product)
            return null;
        return Work.OfOneNode(NodeWork.Elements("dynamic-quantize", NodeSizes.Count(node.Input(0))), product[0]);
    }

    // With accuracy level 4 its input is rounded as well, and the product one of bytes.
    private static IReadOnlyList<Work>? Packed(NodeSizes node)
    {
        double k = node.Integer("K", 0), n = node.Integer("N", 0), elements = NodeSizes.Count(node.Input(0));
        if (k < 1 || n < 1 || elements < 1)
            return null;
        bool isRounded = node.Integer("accuracy_level", 0) == 4;
        Work product = Of(isRounded ? "gemm-quantized" : "gemm", elements / k, k, n) with { Weights = k * n * Math.Max(1, node.Integer("bits", 4)) / 8 };
        return isRounded ? Work.OfOneNode(NodeWork.Elements("dynamic-quantize", elements), product) : [product];
    }

    private static IReadOnlyList<Work>? Recurrent(NodeSizes node, string kernel, int gates)
    {
        if (node.Input(0) is not { Length: 3 } x || node.Input(1) is not { Length: 3 } w)
            return null;
        bool batchFirst = node.Integer("layout", 0) != 0;
        double steps = x[batchFirst ? 1 : 0], batch = x[batchFirst ? 0 : 1], hidden = Math.Max(1, w[1] / gates);
        return
        [
            new Work(kernel, [Math.Max(1, steps), Math.Max(1, batch), Math.Max(1, x[2]), hidden], Math.Max(1, w[0]))
            {
                Weights = w[0] * w[1] * (x[2] + hidden) * 4,
            },
        ];
    }

    // Its weights are [directions, in, 4 * hidden]. The input is multiplied for all steps at once, the state step by step; each is rounded before.
    private static IReadOnlyList<Work>? DynamicRecurrent(NodeSizes node)
    {
        const int gates = 4;
        if (node.Input(0) is not { Length: 3 } x || node.Input(2) is not { Length: 3 } r)
            return null;
        double steps = Math.Max(1, x[0]), batch = Math.Max(1, x[1]), size = Math.Max(1, x[2]), directions = Math.Max(1, r[0]), hidden = Math.Max(1, r[1]), each = steps * directions;
        return Work.OfOneNode(
            NodeWork.Elements("dynamic-quantize", steps * batch * size),
            Of("gemm-quantized", steps * batch, size, gates * hidden, directions) with { Weights = directions * gates * hidden * size },
            NodeWork.Elements("dynamic-quantize", batch * hidden) with { Times = each },
            Of("gemm-quantized", batch, hidden, gates * hidden, each) with { Weights = directions * gates * hidden * hidden },
            NodeWork.Elements("sigmoid", batch * hidden * (gates - 1)) with { Times = each },
            NodeWork.Elements("tanh", batch * hidden * 2) with { Times = each });
    }

    // The projection to queries, keys and values, two products for each head, and the softmax between them.
    private static IReadOnlyList<Work>? Attention(NodeSizes node)
    {
        if (node.Input(0) is not { Length: 3 } x || node.Input(1) is not { Length: 2 } w || node.Output(0) is not { Length: 3 } output)
            return null;
        double heads = Math.Max(1, node.Integer("num_heads", 1)), size = Math.Max(1, output[2] / heads), batch = Math.Max(1, x[0] * heads);
        string projection = node.OpType == "QAttention" ? "gemm-quantized" : "gemm";
        return Work.OfOneNode(
            Of(projection, x[0] * x[1], x[2], w[1]),
            Of("matmul", x[1], size, x[1], batch),
            new Work("softmax", [Math.Max(1, batch * x[1]), Math.Max(1, x[1])]),
            Of("matmul", x[1], x[1], size, batch),
            new Work("transpose", [Math.Max(1, x[0] * x[1] * w[1]), size]));
    }

    private static Work Of(string kernel, double m, double k, double n, double times = 1) =>
        new(kernel, [Math.Max(1, m), Math.Max(1, k), Math.Max(1, n)], times);
}
