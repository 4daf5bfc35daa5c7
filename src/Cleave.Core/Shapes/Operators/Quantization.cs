using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Between floats and small integers, and operators on such integers that ONNX Runtime's optimiser makes.</summary>
internal static class Quantization
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "QuantizeLinear", Coverage.Exact, Quantize),
        new("", "DequantizeLinear", Coverage.Exact, Dequantize),
        new("", "DynamicQuantizeLinear", Coverage.Exact, DynamicQuantize),
        new(Domains.Microsoft, "QuantizeLinear", Coverage.Exact, Quantize),
        new(Domains.Microsoft, "DequantizeLinear", Coverage.Exact, Dequantize),
        new(Domains.Microsoft, "QLinearAdd", Coverage.Exact, n => Binary(n, 0, 3)),
        new(Domains.Microsoft, "QLinearMul", Coverage.Exact, n => Binary(n, 0, 3)),
        new(Domains.Microsoft, "QLinearSigmoid", Coverage.Exact, SameAsFirst),
        new(Domains.Microsoft, "QLinearLeakyRelu", Coverage.Exact, SameAsFirst),
        new(Domains.Microsoft, "QLinearSoftmax", Coverage.Exact, SameAsFirst),
        new(Domains.Microsoft, "QLinearConcat", Coverage.Exact, Concat),
        new(Domains.Microsoft, "QLinearReduceMean", Coverage.Exact, ReduceMean),
        new(Domains.Microsoft, "QLinearWhere", Coverage.Exact, Where),
    ];

    private static void SameAsFirst(NodeContext node) => node.Set(0, node.Element(0), node.Shape(0));

    // The zero point has the type of the result; without one, newer opsets have an attribute.
    private static void Quantize(NodeContext node) =>
        node.Set(0, node.HasInput(2) ? node.Element(2) : OutputType(node) ?? ElementType.UInt8, node.Shape(0));

    private static void Dequantize(NodeContext node) => node.Set(0, OutputType(node) ?? node.Element(1), node.Shape(0));

    private static ElementType? OutputType(NodeContext node) =>
        node.Int("output_dtype", 0) == 0 ? null : node.Element("output_dtype", ElementType.Undefined);

    private static void DynamicQuantize(NodeContext node)
    {
        node.Set(0, ElementType.UInt8, node.Shape(0));
        node.Set(1, ElementType.Float, []);
        node.Set(2, ElementType.UInt8, []);
    }

    private static void Binary(NodeContext node, int left, int right) =>
        node.Set(0, node.Element(left, right), node.Broadcast(node.Shape(left), node.Shape(right)));

    private static void Where(NodeContext node) =>
        node.Set(0, node.Element(1, 4), node.Broadcast(node.Shape(0), node.Broadcast(node.Shape(1), node.Shape(4))));

    // Scale and zero point of the result, then three inputs for each part.
    private static void Concat(NodeContext node)
    {
        node.Set(0, node.Element(1), null);
        if (node.Shape(2) is not { } first || NodeContext.Axis(node.Int("axis", 0), first.Length) is not { } axis)
            return;
        Dim[] shape = (Dim[])first.Clone();
        for (int i = 5; i < node.InputCount; i += 3)
        {
            if (node.Shape(i) is { } part && part.Length != shape.Length)
                return;
            shape[axis] = node.OrUnknown(node.Shape(i) is { } known ? shape[axis] + known[axis] : null);
        }
        node.Set(0, node.Element(1), shape);
    }

    private static void ReduceMean(NodeContext node)
    {
        node.Set(0, node.Element(0), null);
        if (node.Shape(0) is not { } input)
            return;
        long[] axes = node.Ints("axes") is { Length: > 0 } given ? given : [.. Enumerable.Range(0, input.Length).Select(i => (long)i)];
        HashSet<int> reduced = [];
        foreach (long axis in axes)
        {
            if (NodeContext.Axis(axis, input.Length) is not { } known)
                return;
            reduced.Add(known);
        }
        bool keep = node.Int("keepdims", 1) != 0;
        node.Set(0, node.Element(0), [.. input.Select((d, i) => reduced.Contains(i) ? Dim.One : d).Where((_, i) => keep || !reduced.Contains(i))]);
    }
}
