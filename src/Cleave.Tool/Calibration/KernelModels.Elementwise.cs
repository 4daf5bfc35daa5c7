using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Tool.Calibration;

/// <summary>Everything that touches each element about once.</summary>
internal static partial class KernelModels
{
    private static void AddRows(Dictionary<string, KernelModel> models)
    {
        models["softmax"] = Chain((g, x, _) => g.Node("Softmax", [x], ("axis", -1L)), Matrix);
        models["layer-norm"] = Chain((g, x, s) => g.Node("LayerNormalization", [x, g.Floats(1, s[1]), g.Floats(0, s[1])], ("axis", -1L)), Matrix);
        models["skip-layer-norm"] = new((graph, s, copies) =>
        {
            string x = graph.Input(ElementType.Float, 1, s[0], s[1]), skip = graph.Input(ElementType.Float, 1, s[0], s[1]);
            for (int i = 0; i < copies; i++)
                x = graph.Node(Microsoft + "SkipLayerNormalization", [x, skip, graph.Floats(1, s[1]), graph.Floats(0, s[1])]);
            graph.Output(x);
        });
        models["reduce-last"] = Beside((g, x, _) => g.Node("ReduceMean", [x], ("axes", new[] { 1L })), Matrix);
        models["reduce-outer"] = Beside((g, x, _) => g.Node("ReduceMean", [x], ("axes", new[] { 0L })), Matrix);
        models["arg-max"] = Beside((g, x, _) => g.Node("ArgMax", [x], ("axis", 1L)), Matrix, output: ElementType.Int64);
    }

    private static void AddMoves(Dictionary<string, KernelModel> models)
    {
        models["transpose"] = Beside(
            (g, x, _) => g.Node("Transpose", [x], ("perm", new[] { 0L, 2, 1, 3 })), s => [1, .. Pair(s[0] / s[1]), s[1]]);
        models["copy"] = Beside(
            (g, x, s) => g.Node("Slice", [x, g.Integers([1], 0), g.Integers([1], s[1]), g.Integers([1], 1)]), s => [s[0] / s[1], s[1] * 2]);
        models["concat"] = Beside((g, x, _) => g.Node("Concat", [x, x], ("axis", 1L)), s => [s[0] / s[1] / 2, s[1]]);
        models["gather"] = new((graph, s, copies) =>
        {
            long[] indices = new long[s[0] / s[1]];
            for (int i = 0; i < indices.Length; i++)
                indices[i] = i * 7 % 1000;
            string x = graph.Input(ElementType.Float, 1000, s[1]);
            for (int i = 0; i < copies; i++)
                graph.Output(graph.Node("Gather", [x, graph.Integers([indices.Length], indices)]));
        }, SideBySide: true);
        models["resize-nearest"] = Resize("nearest");
        models["resize-linear"] = Resize("linear");
    }

    private static KernelModel Resize(string mode) => Beside(
        (g, x, s) =>
        {
            (long height, long width) = Sides(s[1]);
            return g.Node("Resize", [x, "", "", g.Integers([4], 1, s[0] / s[1], height, width)], ("mode", mode),
                ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"));
        },
        s => [1, s[0] / s[1], Sides(s[1]).Height / 2, Sides(s[1]).Width / 2]);

    private static long[] Matrix(long[] s) => [s[0], s[1]];

    private static long[] Pair(long product)
    {
        (long one, long other) = Sides(product);
        return [other, one];
    }

    private static void AddElementwise(Dictionary<string, KernelModel> models)
    {
        models["binary"] = Binary("Add", Operand);
        models["binary-scalar"] = Binary("Add", s => [s[0] / s[1], 1]);
        models["divide"] = Binary("Div", Operand);
        foreach ((string kernel, string op) in new[]
        {
            ("relu", "Relu"), ("leaky-relu", "LeakyRelu"), ("hard-sigmoid", "HardSigmoid"), ("hard-swish", "HardSwish"), ("sigmoid", "Sigmoid"),
            ("tanh", "Tanh"), ("erf", "Erf"), ("sqrt", "Sqrt"), ("reciprocal", "Reciprocal"), ("elu", "Elu"), ("softplus", "Softplus"),
            ("gelu", Microsoft + "Gelu"),
        })
        {
            models[kernel] = Chain((g, x, _) => g.Node(op, [x]), Elements);
        }
        models["exp"] = Beside((g, x, _) => g.Node("Exp", [x]), Elements);
        models["log"] = Beside((g, x, _) => g.Node("Log", [x]), Elements);
        models["fast-gelu"] = Chain((g, x, s) => g.Node(Microsoft + "FastGelu", [x]), Elements);
        models["bias-gelu"] = Chain((g, x, s) => g.Node(Microsoft + "BiasGelu", [x, g.Floats(0.1f, Math.Min(s[0], 256))]), s => [s[0] / Math.Min(s[0], 256), Math.Min(s[0], 256)]);
        models["clip"] = Chain((g, x, _) => g.Node("Clip", [x, g.Floats(-0.9f), g.Floats(0.9f)]), Elements);
        models["pow"] = Chain((g, x, _) => g.Node("Pow", [x, g.Floats(0.7f)]), Elements);
        models["prelu"] = Chain((g, x, _) => g.Node("PRelu", [x, g.Floats(0.5f, 1)]), Elements);
        models["compare"] = Beside((g, x, _) => g.Node("Greater", [x, g.Floats(0.5f)]), Elements, output: ElementType.Bool);
        models["where"] = Chain((g, x, s) => g.Node("Where", [g.Bytes(ElementType.Bool, 0, 1, s[0]), x, g.Floats(1)]), Elements);
        models["cast"] = Beside((g, x, _) => g.Node("Cast", [x], ("to", (long)ElementType.Int32)), Elements, output: ElementType.Int32);
        models["cast-half"] = Beside((g, x, _) => g.Node("Cast", [x], ("to", (long)ElementType.Float16)), Elements, output: ElementType.Float16);
        models["quantize"] = Beside(
            (g, x, _) => g.Node("QuantizeLinear", [x, g.Floats(0.01f), g.Bytes(ElementType.UInt8, 128, 128)]), Elements, output: ElementType.UInt8);
        models["dequantize"] = Beside(
            (g, x, _) => g.Node("DequantizeLinear", [x, g.Floats(0.01f), g.Bytes(ElementType.UInt8, 128, 128)]), Elements, ElementType.UInt8);
        models["dynamic-quantize"] = Beside((g, x, _) => g.Nodes("DynamicQuantizeLinear", [x], 3)[0], Elements, output: ElementType.UInt8);
        models["binary-quantized"] = QuantizedChain("QLinearAdd", 2);
        models["unary-quantized"] = QuantizedChain("QLinearSigmoid", 1);
    }

    private static long[] Elements(long[] s) => [s[0]];

    // As large as the other one, or one row of it.
    private static long[] Operand(long[] s) => s[0] == s[1] ? [1, s[1]] : [s[1]];

    private static KernelModel Binary(string op, Func<long[], long[]> other) =>
        Chain((g, x, s) => g.Node(op, [x, g.Floats(1.01f, other(s))]), s => [s[0] / s[1], s[1]]);

    private static KernelModel QuantizedChain(string op, int operands) => new((graph, s, copies) =>
    {
        string x = graph.Input(ElementType.UInt8, s[0]), y = graph.Input(ElementType.UInt8, s[0]);
        for (int i = 0; i < copies; i++)
        {
            string scale = graph.Floats(0.05f), zero = graph.Bytes(ElementType.UInt8, 128, 128);
            string[] second = operands == 2 ? [y, scale, zero] : [];
            x = graph.Node(Microsoft + op, [x, scale, zero, .. second, scale, zero]);
        }
        graph.Output(x, ElementType.UInt8);
    });
}
