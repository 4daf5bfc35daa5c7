using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Cost;

/// <summary>
/// The work of a fusion group, as the operator that ONNX Runtime makes of it. Convolutions and whatever else may run in blocks are
/// not here, but in <see cref="SegmentWork"/>, which knows the layout of their inputs.
/// </summary>
internal static class FusedWork
{
    public static IReadOnlyList<Work> Of(SizedGraph graph, GroupShape group)
    {
        if (group.Principal is not { } principal)
            return [];
        return group.Group.Kind switch
        {
            "Gemm" or "GemmActivation" or "FusedMatMul" => NodeWork.Of(graph.Sizes(principal)),
            "LayerNormalization" or "SimplifiedLayerNormalization" => [Rows(graph, group, "layer-norm")],
            "SkipLayerNormalization" or "SkipSimplifiedLayerNormalization" => [Rows(graph, group, "skip-layer-norm")],
            "EmbedLayerNormalization" => [.. Each(graph, group, "Gather"), Rows(graph, group, "layer-norm")],
            "Gelu" => [Elements(graph, group, "gelu")],
            "BiasGelu" => [Elements(graph, group, "bias-gelu")],
            "FastGelu" => [Elements(graph, group, "fast-gelu")],
            "QuickGelu" => [Elements(graph, group, "sigmoid")],
            "MatMulIntegerToFloat" => NodeWork.Of(graph.Sizes(principal)),
            "DynamicQuantizeMatMul" => [.. Each(graph, group, "DynamicQuantizeLinear"), .. NodeWork.Of(graph.Sizes(principal))],
            "Quantized" => QuantizedWork.Of(graph, group),
            "Split" => [Split(graph, group)],
            _ => [.. group.Nodes.SelectMany(n => NodeWork.Of(graph.Sizes(n)))],
        };
    }

    private static IEnumerable<Work> Each(SizedGraph graph, GroupShape group, string opType) =>
        group.Nodes.Where(n => n.OpType == opType).SelectMany(n => NodeWork.Of(graph.Sizes(n)));

    private static double Count(SizedGraph graph, GroupShape group) => graph.Sizes(Last(group)).OutputCount;

    private static Work Elements(SizedGraph graph, GroupShape group, string kernel) => NodeWork.Elements(kernel, Count(graph, group));

    private static Work Rows(SizedGraph graph, GroupShape group, string kernel)
    {
        double count = Math.Max(1, Count(graph, group));
        long[]? shape = graph.Shape(Last(group).Outputs[0]);
        double columns = shape is { Length: > 0 } ? Math.Max(1, shape[shape.Length - 1]) : 1;
        return new Work(kernel, [Math.Max(1, count / columns), columns]);
    }

    private static Work Split(SizedGraph graph, GroupShape group)
    {
        double count = group.Nodes.Sum(n => graph.Sizes(n).OutputCount);
        return new Work("copy", [Math.Max(1, count), Math.Max(1, count / group.Nodes.Length)]);
    }

    private static Node Last(GroupShape group) => group.Nodes[group.Nodes.Length - 1];
}
