using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Cost;

/// <summary>The work of an operator between DequantizeLinear and QuantizeLinear, which runs on eight-bit numbers where it can.</summary>
internal static class QuantizedWork
{
    public static IReadOnlyList<Work> Of(SizedGraph graph, GroupShape group)
    {
        List<Work> works = [];
        bool all = true;
        foreach (Node node in group.Nodes)
        {
            // Rounding to the type's range does what a Relu or Clip did.
            if (node.OpType is "DequantizeLinear" or "QuantizeLinear" or "Relu" or "Clip")
                continue;
            NodeSizes sizes = graph.Sizes(node);
            IReadOnlyList<Work>? kernel = Kernel(sizes);
            all &= kernel != null;
            works.AddRange(kernel ?? NodeWork.Of(sizes));
        }
        // Around an operator that stays with floats, numbers are taken to floats and back.
        if (!all || works.Count == 0)
            works.AddRange(group.Nodes.Where(n => n.OpType is "DequantizeLinear" or "QuantizeLinear").SelectMany(n => NodeWork.Of(graph.Sizes(n))));
        return works;
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
