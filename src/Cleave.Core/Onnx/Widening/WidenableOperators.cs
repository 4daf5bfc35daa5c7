using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx.Widening;

/// <summary>
/// Which nodes compute the same with floats of 32 bits wherever they have 16: operators of ONNX, whose definitions take both, and those of ONNX Runtime of which that is known.
/// </summary>
internal sealed class WidenableOperators
{
    private static readonly HashSet<string> OfOnnxRuntime = new(
        [
            "Attention", "BiasGelu", "BiasSplitGelu", "DequantizeLinear", "DynamicQuantizeMatMul", "EmbedLayerNormalization", "FastGelu", "FusedConv", "FusedGemm", "FusedMatMul",
            "GatherBlockQuantized", "Gelu", "GroupQueryAttention", "Inverse", "MatMulIntegerToFloat", "MatMulNBits", "MultiHeadAttention", "QuantizeLinear", "QuickGelu",
            "RotaryEmbedding", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization",
        ], StringComparer.Ordinal);

    private readonly HashSet<(string, string)> _functions = [];

    public WidenableOperators(OnnxModel model)
    {
        foreach (ModelFunction function in model.Functions)
            _functions.Add((function.Domain, function.Name));
    }

    /// <summary>What in a node stands against it, in its bodies, too; null where nothing does.</summary>
    public string? WhyNot(Node node)
    {
        if (!IsKnown(node))
            return "what " + node.OpType + " of " + node.Domain + " does with other types is not known";
        if (node.Domain.Length == 0 && node.OpType == "BitCast")
            return "BitCast looks at the bits";
        bool holdsTensor = node.Domain.Length == 0 && node.OpType is "Constant" or "ConstantOfShape";
        foreach (NodeAttribute attribute in node.Attributes)
        {
            if (attribute.Reference != null && StatedTypes.IsNumber(attribute.Name))
                return "a function's caller says which type " + node.OpType + " makes";
            if (attribute.SparseTensors.Any(static t => t.Values.Element == ElementType.Float16))
                return node.OpType + " has a sparse tensor of 16 bits";
            if (!holdsTensor && attribute.Tensors.Any(static t => t.Element == ElementType.Float16))
                return node.OpType + " has a tensor of 16 bits as the attribute '" + attribute.Name + "'";
            foreach (OnnxGraph body in attribute.Graphs)
            {
                if (WhyNot(body) is { } why)
                    return why;
            }
        }
        return null;
    }

    private string? WhyNot(OnnxGraph body)
    {
        if (body.SparseInitializers.Any(static t => t.Values.Element == ElementType.Float16))
            return "a body has a sparse tensor of 16 bits";
        if (body.Initializers.Any(t => t.Element == ElementType.Float16 && body.Inputs.Any(i => i.Name == t.Name)))
            return "a body has an input with a default of 16 bits";
        return body.Nodes.Select(WhyNot).FirstOrDefault(static why => why != null);
    }

    private bool IsKnown(Node node) =>
        node.Domain is "" or "ai.onnx.ml" || _functions.Contains((node.Domain, node.OpType)) || (node.Domain == "com.microsoft" && OfOnnxRuntime.Contains(node.OpType));
}
