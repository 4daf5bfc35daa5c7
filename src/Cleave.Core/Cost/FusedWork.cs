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
            "LayerNormalization" or "SimplifiedLayerNormalization" => [Rows(graph, group)],
            // On the CPU ONNX Runtime 1.30 leaves the sum, and the sums of look-ups, beside the norm.
            "SkipLayerNormalization" or "SkipSimplifiedLayerNormalization" => [Sum(graph, group), Rows(graph, group)],
            "EmbedLayerNormalization" => [.. Lookups(graph, group), Rows(graph, group)],
            "Gelu" => Behind(graph, group, "gelu"),
            "BiasGelu" => Behind(graph, group, "bias-gelu"),
            "FastGelu" => Behind(graph, group, "fast-gelu"),
            "QuickGelu" => Behind(graph, group, "sigmoid"),
            "MatMulIntegerToFloat" => NodeWork.Of(graph.Sizes(principal)),
            "DynamicQuantizeMatMul" => Work.OfOneNode([.. Each(graph, group, "DynamicQuantizeLinear"), .. NodeWork.Of(graph.Sizes(principal))]),
            "Quantized" => QuantizedWork.Of(graph, group),
            _ => AsTheyAre(graph, group),
        };
    }

    /// <summary>Each node for itself, but the arithmetic on shapes beside others, which is folded or next to nothing.</summary>
    private static IReadOnlyList<Work> AsTheyAre(SizedGraph graph, GroupShape group)
    {
        if (group.Nodes.Length == 1)
            return NodeWork.Of(graph.Sizes(group.Nodes[0]));
        Node[] nodes = Array.FindAll(group.Nodes, n => !IsArithmeticOnShapes(graph, n));
        return [.. (nodes.Length > 0 ? nodes : [group.Nodes[group.Nodes.Length - 1]]).SelectMany(n => NodeWork.Of(graph.Sizes(n)))];
    }

    private static bool IsArithmeticOnShapes(SizedGraph graph, Node node) =>
        node.OpType is "Shape" or "Size" || Array.TrueForAll(node.Outputs, o => graph.Graph.Facts.Of(o) is { Element: ElementType.Int64, Content: not null });

    // A product of whole numbers can have its activation with it, and what is quantised behind it.
    private static IReadOnlyList<Work> Behind(SizedGraph graph, GroupShape group, string kernel)
    {
        Node last = Last(group);
        return
        [
            .. Each(graph, group, "DynamicQuantizeLinear"),
            .. Each(graph, group, "MatMulInteger"),
            NodeWork.Elements(kernel, graph.Sizes(last).OutputCount),
            .. Each(graph, group, "QuantizeLinear"),
        ];
    }

    private static IEnumerable<Work> Lookups(SizedGraph graph, GroupShape group)
    {
        Node[] lookups = Array.FindAll(group.Nodes, n => n.OpType == "Gather" && !IsArithmeticOnShapes(graph, n));
        return [.. lookups.SelectMany(n => NodeWork.Of(graph.Sizes(n))), .. lookups.Skip(1).Select(_ => Sum(graph, group))];
    }

    private static Work Sum(SizedGraph graph, GroupShape group)
    {
        double count = Math.Max(1, graph.Sizes(Last(group)).OutputCount);
        return new Work("binary", [count, count]);
    }

    private static IEnumerable<Work> Each(SizedGraph graph, GroupShape group, string opType) =>
        group.Nodes.Where(n => n.OpType == opType).SelectMany(n => NodeWork.Of(graph.Sizes(n)));

    private static Work Rows(SizedGraph graph, GroupShape group)
    {
        double count = Math.Max(1, graph.Sizes(Last(group)).OutputCount);
        long[]? shape = graph.Shape(Last(group).Outputs[0]);
        double columns = shape is { Length: > 0 } ? Math.Max(1, shape[shape.Length - 1]) : 1;
        return new Work("layer-norm", [Math.Max(1, count / columns), columns]);
    }

    private static Node Last(GroupShape group) => group.Nodes[group.Nodes.Length - 1];
}
