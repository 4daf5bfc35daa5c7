using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Passes;

namespace Cleave.Core.Placement;

/// <summary>
/// The operators that ONNX Runtime's CUDA provider is taken to have. Those it is not sure to have stay on the CPU: a node that the provider turns out to lack
/// would cost two copies inside a segment. Operators that ONNX Runtime moves to the CPU anyway, those on shapes, are not in it.
/// </summary>
internal static class CudaOperators
{
    private static readonly HashSet<string> Standard = new(StringComparer.Ordinal)
    {
        "Abs", "Add", "And", "ArgMax", "ArgMin", "AveragePool", "BatchNormalization", "Cast", "Ceil", "Clip", "Concat", "Conv", "ConvTranspose", "Cos", "CumSum",
        "DepthToSpace", "DequantizeLinear", "Div", "Dropout", "Einsum", "Elu", "Equal", "Erf", "Exp", "Expand", "Flatten", "Floor", "GRU", "Gather", "GatherElements",
        "GatherND", "Gelu", "Gemm", "GlobalAveragePool", "GlobalMaxPool", "Greater", "GreaterOrEqual", "HardSigmoid", "HardSwish", "Identity", "InstanceNormalization",
        "LRN", "LSTM", "LayerNormalization", "LeakyRelu", "Less", "LessOrEqual", "Log", "LogSoftmax", "MatMul", "MatMulInteger", "Max", "MaxPool", "Min", "Mod", "Mul",
        "Neg", "Not", "Or", "PRelu", "Pad", "Pow", "QuantizeLinear", "RNN", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax",
        "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Reshape", "Resize", "Round", "ScatterElements", "ScatterND", "Selu", "Sigmoid",
        "Sign", "Sin", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Tanh", "Tile", "TopK", "Transpose",
        "Trilu", "Unsqueeze", "Upsample", "Where", "Xor",
    };

    /// <summary>Whether all nodes of a group can run there: operators that it has, on float and float16; what they read beside may be whole numbers.</summary>
    public static bool CanRun(PlanGraph graph, FusionGroup group) => group.Nodes.All(n => CanRun(graph, graph.Nodes[n]));

    private static bool CanRun(PlanGraph graph, Node node) =>
        node.Domain.Length == 0 && Standard.Contains(node.OpType) && HasForm(graph, node) && node.Outputs.All(o => o.Length == 0 || IsNumber(graph.Facts.Of(o).Element))
        && node.Outputs.Any(o => o.Length > 0 && graph.Facts.Of(o).Content is null);

    // Forms of operators that the provider refuses when it is asked what it can run (cuda_execution_provider.cc, GetCapability).
    private static bool HasForm(PlanGraph graph, Node node) => node.OpType switch
    {
        "LSTM" or "GRU" or "RNN" => IsOfCudnn(node),
        "ConvTranspose" => IsPaddedEvenly(node),
        "ArgMax" or "ArgMin" => node.Int("select_last_index", 0) == 0,
        "Cast" => IsNumber(graph.Facts.Of(node.Inputs[0]).Element),
        _ => true,
    };

    // Where the padding follows from the sizes (SAME_UPPER, SAME_LOWER) it may be uneven, and the provider does not wait to see.
    private static bool IsPaddedEvenly(Node node)
    {
        long[] pads = node.Attribute("pads")?.Ints ?? [];
        return node.Attribute("auto_pad")?.Strings is not [{ Text: "SAME_UPPER" or "SAME_LOWER" }]
            && pads.Take(pads.Length / 2).SequenceEqual(pads.Skip(pads.Length / 2));
    }

    // Of recurrent layers cuDNN has the plain ones: ONNX Runtime runs others on the CPU (RNNNeedFallbackToCPU).
    private static bool IsOfCudnn(Node node)
    {
        if (node.Attribute("activation_alpha") != null || node.Attribute("activation_beta") != null || node.Attribute("clip") != null)
            return false;
        string[] plain = node.OpType switch { "LSTM" => ["sigmoid", "tanh", "tanh"], "GRU" => ["sigmoid", "tanh"], _ => ["tanh"] };
        AttributeText[] activations = node.Attribute("activations")?.Strings ?? [];
        for (int i = 0; i < activations.Length; i++)
        {
            if (!plain[i % plain.Length].Equals(activations[i].Text, StringComparison.OrdinalIgnoreCase))
                return false;
        }
        return node.OpType switch
        {
            "LSTM" => node.Int("input_forget", 0) == 0 && RecurrentNode.Input(node, RecurrentNode.Peepholes).Length == 0,
            // Left out it is 0, which cuDNN has not.
            "GRU" => node.Int("linear_before_reset", 0) == 1,
            _ => true,
        };
    }

    private static bool IsNumber(ElementType type) =>
        type is ElementType.Float or ElementType.Float16 or ElementType.Bool or ElementType.Int64 or ElementType.Int32 or ElementType.Int8 or ElementType.UInt8;
}
