using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Cost;

/// <summary>The work of an operator between DequantizeLinear and QuantizeLinear, which runs on eight-bit numbers where it can.</summary>
internal static class QuantizedWork
{
    public static IReadOnlyList<Work> Of(SizedGraph graph, GroupShape group)
    {
        Node[] inner = [.. group.Nodes.Where(n => n.OpType is not ("DequantizeLinear" or "QuantizeLinear" or "Relu" or "Clip"))];
        // A Relu or Clip by itself is left out with its pair; several operators in one group each go their own way.
        if (inner.Length != 1)
            return [.. group.Nodes.SelectMany(n => NodeWork.Of(graph.Sizes(n)))];
        NodeSizes node = graph.Sizes(inner[0]);
        if (Kernel(node) is { } work)
            return work;
        return [.. group.Nodes.SelectMany(n => NodeWork.Of(graph.Sizes(n)))];
    }

    private static IReadOnlyList<Work>? Kernel(NodeSizes node)
    {
        switch (node.OpType)
        {
            case "Conv":
                return ConvolutionWork.Quantized(node, 1);
            case "MatMul" or "Gemm":
                return MatrixWork.Quantized(node);
            case "Add" or "Mul":
                return [NodeWork.Elements("binary-quantized", node.OutputCount)];
            case "Sigmoid" or "LeakyRelu":
                return [NodeWork.Elements("unary-quantized", node.OutputCount)];
            // They go straight over the eight-bit numbers.
            case "Reshape" or "Squeeze" or "Unsqueeze" or "Flatten" or "Transpose" or "MaxPool" or "AveragePool" or "GlobalAveragePool" or "Concat"
                or "Softmax" or "Slice" or "Split" or "Gather" or "Resize":
                return NodeWork.Of(node);
            default:
                return null;
        }
    }
}
