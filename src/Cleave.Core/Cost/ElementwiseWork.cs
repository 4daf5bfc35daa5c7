using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Cost;

/// <summary>Operators over each element for itself, or over pairs of them.</summary>
internal static class ElementwiseWork
{
    // Operators that were not measured stand beside one that does about as much.
    private static readonly Dictionary<string, string> Kernels = new(StringComparer.Ordinal)
    {
        ["Relu"] = "relu",
        ["Abs"] = "relu",
        ["Neg"] = "relu",
        ["Floor"] = "relu",
        ["Ceil"] = "relu",
        ["Not"] = "relu",
        ["Sign"] = "relu",
        ["ThresholdedRelu"] = "relu",
        ["IsNaN"] = "relu",
        ["IsInf"] = "relu",
        ["Clip"] = "clip",
        ["LeakyRelu"] = "leaky-relu",
        ["HardSigmoid"] = "hard-sigmoid",
        ["HardSwish"] = "hard-swish",
        ["Sigmoid"] = "sigmoid",
        ["Tanh"] = "tanh",
        ["Softsign"] = "sigmoid",
        ["QuickGelu"] = "sigmoid",
        ["Erf"] = "erf",
        ["Exp"] = "exp",
        ["Log"] = "log",
        ["Sin"] = "log",
        ["Cos"] = "log",
        ["Tan"] = "log",
        ["Atan"] = "log",
        ["Asin"] = "log",
        ["Acos"] = "log",
        ["Round"] = "log",
        ["Sqrt"] = "sqrt",
        ["Reciprocal"] = "reciprocal",
        ["Pow"] = "pow",
        ["Gelu"] = "gelu",
        ["BiasGelu"] = "bias-gelu",
        ["FastGelu"] = "fast-gelu",
        ["Elu"] = "elu",
        ["Selu"] = "elu",
        ["Celu"] = "elu",
        ["Softplus"] = "softplus",
        ["Mish"] = "softplus",
        ["PRelu"] = "prelu",
        ["Where"] = "where",
        ["Greater"] = "compare",
        ["Less"] = "compare",
        ["GreaterOrEqual"] = "compare",
        ["LessOrEqual"] = "compare",
        ["Equal"] = "compare",
        ["And"] = "compare",
        ["Or"] = "compare",
        ["Xor"] = "compare",
        ["QuantizeLinear"] = "quantize",
        ["DequantizeLinear"] = "dequantize",
        ["DynamicQuantizeLinear"] = "dynamic-quantize",
        ["QLinearAdd"] = "binary-quantized",
        ["QLinearMul"] = "binary-quantized",
        ["QLinearSigmoid"] = "unary-quantized",
        ["QLinearLeakyRelu"] = "unary-quantized",
    };

    public static IReadOnlyList<Work>? Of(NodeSizes node)
    {
        double count = node.OutputCount;
        switch (node.OpType)
        {
            case "Add" or "Sub" or "Mul" or "Max" or "Min" or "Sum" or "Mean" or "Mod":
                return Binary(node, "binary");
            case "Div":
                return Binary(node, "divide");
            case "BatchNormalization":
                return node.Input(0) is { Length: > 1 } x ? [Two("binary-scalar", count, NodeSizes.Product(x, 2, x.Length))] : null;
            case "Cast":
                bool half = node.InputElement(0) == ElementType.Float16 || node.Integer("to", 0) == (long)ElementType.Float16;
                return [NodeWork.Elements(half ? "cast-half" : "cast", count)];
        }
        return Kernels.TryGetValue(node.OpType, out string? kernel) ? [NodeWork.Elements(kernel, count)] : null;
    }

    private static IReadOnlyList<Work>? Binary(NodeSizes node, string kernel)
    {
        if (node.Output(0) is not { } output)
            return null;
        double count = NodeSizes.Count(output);
        Work[] works = new Work[Math.Max(1, node.Node.Inputs.Length - 1)];
        // Further operands are taken in one after the other, within the node.
        for (int i = 0; i < works.Length; i++)
            works[i] = Pair(kernel, count, output, i == 0 ? node.Input(0) : output, node.Input(i + 1));
        return Work.OfOneNode(works);
    }

    private static Work Pair(string kernel, double count, long[] output, long[]? a, long[]? b)
    {
        if (a is null || b is null || count < 4)
            return count < 4 ? Work.Node : Two(kernel, count, count);
        long[] smaller = NodeSizes.Count(a) < NodeSizes.Count(b) ? a : b;
        if (NodeSizes.Count(smaller) <= 1)
            return Two(kernel == "binary" ? "binary-scalar" : kernel, count, count);
        // The last axes where the smaller one has all elements, or one for all of them.
        double run = 1;
        int axis = 1;
        bool repeats = At(smaller, 1) == 1 && output[output.Length - 1] != 1;
        for (; axis <= output.Length; axis++)
        {
            long dim = output[output.Length - axis];
            if (dim != 1 && (At(smaller, axis) == 1) != repeats)
                break;
            run *= dim;
        }
        return Two(repeats && kernel == "binary" ? "binary-scalar" : kernel, count, run);
    }

    private static long At(long[] shape, int fromLast) => fromLast <= shape.Length ? shape[shape.Length - fromLast] : 1;

    private static Work Two(string kernel, double elements, double run) => new(kernel, [Math.Max(1, elements), Math.Max(1, Math.Min(run, elements))]);
}
