using System.Collections.Generic;

namespace Cleave.Core.Cost;

/// <summary>The work of one node as ONNX Runtime runs it: standard operators, and those that its optimiser makes.</summary>
internal static class NodeWork
{
    // Fewer elements than this: the node's overhead is all there is.
    private const double Tiny = 4;

    /// <summary>Kernels, one after the other. Never empty: what is not known takes the time of moving its values.</summary>
    public static IReadOnlyList<Work> Of(NodeSizes node)
    {
        string op = node.OpType;
        if (op is "Reshape" or "Squeeze" or "Unsqueeze" or "Flatten" or "Identity" or "Shape" or "Size" or "Constant" or "Dropout" or "ConstantOfShape")
            return [Work.Node];
        return ConvolutionWork.Of(node) ?? MatrixWork.Of(node) ?? MovementWork.Of(node) ?? ElementwiseWork.Of(node) ?? Unknown(node);
    }

    /// <summary>A kernel over elements, or nothing but a node where there are hardly any.</summary>
    public static Work Elements(string kernel, double count) => count < Tiny ? Work.Node : new Work(kernel, [count]);

    /// <summary>As if its values were copied once.</summary>
    private static IReadOnlyList<Work> Unknown(NodeSizes node) => [Elements("relu", node.LargestCount)];
}
