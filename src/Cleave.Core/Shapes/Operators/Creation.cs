using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Constants, and tensors made from shapes.</summary>
internal static class Creation
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "Constant", Coverage.Exact, Constant),
        new("", "Shape", Coverage.Exact, Shape),
        new("", "Size", Coverage.Exact, Size),
        new("", "ConstantOfShape", Coverage.Exact, ConstantOfShape),
        new("", "Range", Coverage.Exact, Range),
        new("", "EyeLike", Coverage.Exact, n => n.Set(0, n.Element("dtype", n.Element(0)), n.Shape(0))),
        new("", "OneHot", Coverage.Exact, OneHot),
    ];

    private static void Constant(NodeContext node)
    {
        if (node.Node.Constant is { } constant)
        {
            node.Set(0, InferenceScope.Constant(constant));
            return;
        }
        if (node.Attribute("value_string") != null)
            node.Set(0, ElementType.String, []);
        else if (node.Attribute("value_strings") is { } strings)
            node.Set(0, ElementType.String, [Dim.Of(strings.Strings.Length)]);
        else if (node.Attribute("sparse_value") is { SparseTensors.Length: 1 } sparse)
            node.Set(0, sparse.SparseTensors[0].Values.Element, InferenceScope.Fixed(sparse.SparseTensors[0].Dims));
        else if (node.Node.Attributes.Length == 1 && node.Attribute(node.Node.Attributes[0].Name)?.AsTensor() is { } given)
            // Inside a function: the call's attribute.
            node.Set(0, InferenceScope.Constant(given));
    }

    private static void Shape(NodeContext node)
    {
        if (node.Shape(0) is not { } shape)
        {
            node.Set(0, ElementType.Int64, [node.Unknown()]);
            return;
        }
        int start = Clamped(node.Int("start", 0)), end = Math.Max(start, Clamped(node.Int("end", shape.Length)));
        Dim[] content = new Dim[end - start];
        Array.Copy(shape, start, content, 0, content.Length);
        node.Set(0, ValueFacts.Tensor(ElementType.Int64, [Dim.Of(content.Length)]) with { Content = content });

        int Clamped(long axis) => (int)Math.Max(0, Math.Min(shape.Length, axis < 0 ? axis + shape.Length : axis));
    }

    private static void Size(NodeContext node) =>
        node.Set(0, ValueFacts.Tensor(ElementType.Int64, []) with { Content = [node.Input(0).Count() ?? node.UnknownNumber()] });

    private static void ConstantOfShape(NodeContext node)
    {
        TensorInfo? value = node.Attribute("value") is { Tensors.Length: 1 } attribute ? attribute.Tensors[0] : null;
        Dim[]? shape = node.Input(0).Content ?? (node.VectorLength(0) is { } rank ? node.Unknowns(rank) : null);
        ValueFacts facts = ValueFacts.Tensor(value?.Element ?? ElementType.Float, shape);
        Dim? element = value is null ? Dim.Zero : value.Integers is { Length: 1 } number ? Dim.Of(number[0]) : null;
        if (element is not null && Contents.Small(shape) is { } places)
            facts = facts with { Content = Contents.Pick(places, _ => element) };
        node.Set(0, facts);
    }

    private static void Range(NodeContext node)
    {
        ElementType element = node.Element(0, 1, 2);
        ValueFacts facts = ValueFacts.Tensor(element, [node.Unknown()]);
        if (Whole(node, 0) is { } start && Whole(node, 1) is { } limit && Whole(node, 2) is { } delta)
            facts = Range(node, element, start, limit, delta);
        else if (element == ElementType.Float && Floats(node, 0) is { } from && Floats(node, 1) is { } to && Floats(node, 2) is { } step && step != 0)
            facts = facts with { Shape = [Steps(node, Math.Ceiling((double)(to - from) / step))] };
        node.Set(0, facts);
    }

    private static Dim Steps(NodeContext node, double steps) =>
        steps is > 0 and < int.MaxValue ? Dim.Of((long)steps) : steps <= 0 ? Dim.Zero : node.Unknown();

    private static ValueFacts Range(NodeContext node, ElementType element, Dim start, Dim limit, Dim delta)
    {
        Dim? span = limit - start, steps = null;
        if (span is not null && delta.Value is > 0)
            steps = Dim.CeilingDivide(span, delta);
        else if (span is not null && delta.Value is < 0 and > long.MinValue)
            steps = Dim.Zero - span is { } down ? Dim.CeilingDivide(down, Dim.Of(-delta.Value.Value)) : null;
        Dim count = node.OrUnknown(steps is null ? null : Dim.Max(steps, Dim.Zero));
        ValueFacts facts = ValueFacts.Tensor(element, [count]);
        if (Contents.Small(facts.Shape) is { } places)
        {
            facts = facts with
            {
                Content = Contents.Pick(places, at => Dim.Of(at[0]) * delta is { } offset && start + offset is { } number && Contents.Fits(element, number) ? number : node.UnknownNumber()),
            };
        }
        return facts;
    }

    private static Dim? Whole(NodeContext node, int index) => Contents.Whole(node.Input(index)) is { Length: 1 } content ? content[0] : null;

    private static float? Floats(NodeContext node, int index) => node.Input(index).Floats is { Length: 1 } floats ? floats[0] : null;

    private static void OneHot(NodeContext node)
    {
        Dim[]? shape = null;
        if (node.Shape(0) is { } indices && NodeContext.Axis(node.Int("axis", -1), indices.Length + 1) is { } axis)
        {
            List<Dim> dims = [.. indices];
            dims.Insert(axis, node.OrUnknown(Whole(node, 1)));
            shape = [.. dims];
        }
        node.Set(0, node.Element(2), shape);
    }
}
