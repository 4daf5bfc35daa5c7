using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Operators that scale values by the statistics of their neighbours: the shape stays.</summary>
internal static class Normalization
{
    private static readonly string[] Same =
    [
        "GroupNormalization", "Hardmax", "InstanceNormalization", "LRN", "LogSoftmax", "LpNormalization", "MeanVarianceNormalization", "Softmax",
    ];

    public static IEnumerable<OperatorRule> Rules
    {
        get
        {
            foreach (string opType in Same)
                yield return new OperatorRule("", opType, Coverage.Exact, SameAsFirst);
            yield return new OperatorRule("", "BatchNormalization", Coverage.Exact, BatchNormalization);
            yield return new OperatorRule("", "LayerNormalization", Coverage.Exact, LayerNormalization);
            // The scale may have another type than the input, and the output has that of the scale.
            yield return new OperatorRule("", "RMSNormalization", Coverage.Exact, static node => node.Set(0, node.Element(1), node.Shape(0)));
            // ONNX Runtime puts its own into ONNX's domain.
            yield return new OperatorRule("", "SimplifiedLayerNormalization", Coverage.Exact, SimplifiedLayerNormalization);
            yield return new OperatorRule(Domains.Microsoft, "SimplifiedLayerNormalization", Coverage.Exact, SimplifiedLayerNormalization);
            yield return new OperatorRule(Domains.Microsoft, "SkipLayerNormalization", Coverage.Exact, SkipLayerNormalization);
            yield return new OperatorRule(Domains.Microsoft, "SkipSimplifiedLayerNormalization", Coverage.Exact, SkipLayerNormalization);
            yield return new OperatorRule(Domains.Microsoft, "EmbedLayerNormalization", Coverage.Partial, EmbedLayerNormalization);
            yield return new OperatorRule(Domains.Microsoft, "BiasSoftmax", Coverage.Exact, SameAsFirst);
            yield return new OperatorRule(Domains.Microsoft, "GroupNorm", Coverage.Exact, SameAsFirst);
        }
    }

    private static void SameAsFirst(NodeContext node) => node.Set(0, node.Element(0), node.Shape(0));

    // The further outputs changed with the opsets (running and saved statistics); each has one value for every channel.
    private static void BatchNormalization(NodeContext node)
    {
        SameAsFirst(node);
        Dim[]? channels = node.Shape(1) ?? (node.Shape(0) is { Length: > 1 } input ? [input[1]] : null);
        for (int i = 1; i < node.OutputCount; i++)
            node.Set(i, node.Element(3, 4), channels);
    }

    private static void LayerNormalization(NodeContext node)
    {
        SameAsFirst(node);
        ElementType statistics = node.Element("stash_type", ElementType.Float);
        node.Set(1, statistics, Statistics(node.Shape(0), node.Int("axis", -1)));
        node.Set(2, statistics, Statistics(node.Shape(0), node.Int("axis", -1)));
    }

    private static void SimplifiedLayerNormalization(NodeContext node)
    {
        node.Set(0, node.Element(1), node.Shape(0));
        node.Set(1, node.Element("stash_type", ElementType.Float), Statistics(node.Shape(0), node.Int("axis", -1)));
    }

    private static void SkipLayerNormalization(NodeContext node)
    {
        SameAsFirst(node);
        node.Set(1, ElementType.Float, Statistics(node.Shape(0), -1));
        node.Set(2, ElementType.Float, Statistics(node.Shape(0), -1));
        node.Set(3, node.Element(0), node.Shape(0));
    }

    private static void EmbedLayerNormalization(NodeContext node)
    {
        Dim[]? shape = node.Shape(0) is { Length: 2 } tokens && node.Shape(2) is { Length: 2 } embedding ? [tokens[0], tokens[1], embedding[1]] : null;
        node.Set(0, node.Element(2), shape);
        node.Set(1, ElementType.Int32, null);
        node.Set(2, node.Element(2), shape);
    }

    // One value for everything from the axis on.
    private static Dim[]? Statistics(Dim[]? input, long axis)
    {
        if (input is null || NodeContext.Axis(axis, input.Length) is not { } first)
            return null;
        Dim[] shape = (Dim[])input.Clone();
        for (int i = first; i < shape.Length; i++)
            shape[i] = Dim.One;
        return shape;
    }
}
