using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Sequences of tensors, and optional values.</summary>
internal static class Sequences
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "SequenceEmpty", Coverage.Exact, n => n.Set(0, Of(ValueFacts.Tensor(n.Element("dtype", ElementType.Float), null)))),
        new("", "SequenceConstruct", Coverage.Exact, n => n.Set(0, Of(Enumerable.Range(0, n.InputCount).Select(n.Input).DefaultIfEmpty(ValueFacts.Unknown).Aggregate((a, b) => Alternatives.Of(n, a, b))))),
        new("", "SequenceInsert", Coverage.Partial, n => n.Set(0, Of(Alternatives.Of(n, Item(n, 0), n.Input(1))))),
        new("", "SequenceErase", Coverage.Partial, n => n.Set(0, n.Input(0))),
        new("", "SequenceAt", Coverage.Partial, n => n.Set(0, Item(n, 0))),
        new("", "SequenceLength", Coverage.Exact, n => n.Set(0, ElementType.Int64, [])),
        new("", "SequenceMap", Coverage.Partial, SequenceMap),
        new("", "ConcatFromSequence", Coverage.Partial, ConcatFromSequence),
        new("", "SplitToSequence", Coverage.Partial, SplitToSequence),
        new("", "Optional", Coverage.Exact, Optional),
        new("", "OptionalGetElement", Coverage.Exact, n => n.Set(0, n.Input(0).Kind == ValueKind.Optional ? n.Input(0).Item! : n.Input(0))),
        new("", "OptionalHasElement", Coverage.Exact, n => n.Set(0, ElementType.Bool, [])),
    ];

    private static ValueFacts Of(ValueFacts item) => new() { Kind = ValueKind.Sequence, Item = item with { Content = null, Floats = null } };

    /// <summary>One element of a sequence. What is unknown of it need not be the same in the next.</summary>
    private static ValueFacts Item(NodeContext node, int input)
    {
        if (node.Input(input) is not { Kind: ValueKind.Sequence, Item: { } item })
            return ValueFacts.Unknown;
        return item.Shape is { } shape ? item with { Shape = Array.ConvertAll(shape, d => d.IsKnown ? d : node.Unknown()) } : item;
    }

    private static void SequenceMap(NodeContext node)
    {
        if (node.Graph("body") is not { } body)
            return;
        ValueFacts[] inputs = [.. Enumerable.Range(0, node.InputCount).Select(i => node.Input(i).Kind == ValueKind.Sequence ? Item(node, i) : node.Input(i))];
        ValueFacts[] outputs = node.InferBody(body, inputs);
        for (int i = 0; i < outputs.Length; i++)
            node.Set(i, Of(outputs[i]));
    }

    private static void ConcatFromSequence(NodeContext node)
    {
        ValueFacts item = Item(node, 0);
        bool newAxis = node.Int("new_axis", 0) != 0;
        Dim[]? shape = null;
        if (item.Shape is { } part && node.Attribute("axis") is { } given && given.Ints.Length == 1
            && NodeContext.Axis(given.Ints[0], part.Length + (newAxis ? 1 : 0)) is { } axis)
        {
            shape = [.. part.Take(axis), node.Unknown(), .. part.Skip(newAxis ? axis : axis + 1)];
        }
        node.Set(0, item.Element, shape);
    }

    private static void SplitToSequence(NodeContext node)
    {
        Dim[]? shape = null;
        if (node.Shape(0) is { } input && NodeContext.Axis(node.Int("axis", 0), input.Length) is { } axis)
        {
            bool keep = node.HasInput(1) || node.Int("keepdims", 1) != 0;
            Dim[] part = !keep ? [] : [node.HasInput(1) ? PartSize(node, input[axis]) : Dim.One];
            shape = [.. input.Take(axis), .. part, .. input.Skip(axis + 1)];
        }
        node.Set(0, Of(ValueFacts.Tensor(node.Element(0), shape)));
    }

    // Known where all parts are equal.
    private static Dim PartSize(NodeContext node, Dim whole)
    {
        ValueFacts split = node.Input(1);
        if (split.Content is not { Length: > 0 } sizes || split.Shape is null || !Array.TrueForAll(sizes, s => s.Equals(sizes[0])))
            return node.Unknown();
        bool even = split.Shape.Length == 1 || (sizes[0].Value is > 0 and var size && whole.Value % size == 0);
        return even ? sizes[0] : node.Unknown();
    }

    private static void Optional(NodeContext node)
    {
        ValueFacts item = node.HasInput(0) ? node.Input(0) : node.Attribute("type") is { Types.Length: 1 } type ? node.Declared(type.Types[0]) : ValueFacts.Unknown;
        node.Set(0, new ValueFacts { Kind = ValueKind.Optional, Item = item with { Content = null, Floats = null } });
    }
}
