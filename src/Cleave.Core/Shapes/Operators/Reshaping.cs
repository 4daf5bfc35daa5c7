using System;
using System.Collections.Generic;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Operators that give the same elements another shape, or repeat them.</summary>
internal static class Reshaping
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "Reshape", Coverage.Exact, Reshape),
        new("", "Flatten", Coverage.Exact, Flatten),
        new("", "Squeeze", Coverage.Exact, Squeeze),
        new("", "Unsqueeze", Coverage.Exact, Unsqueeze),
        new("", "Transpose", Coverage.Exact, Transpose),
        new("", "Expand", Coverage.Exact, Expand),
        new("", "Tile", Coverage.Exact, Tile),
        new("", "DepthToSpace", Coverage.Exact, n => Blocks(n, toSpace: true)),
        new("", "SpaceToDepth", Coverage.Exact, n => Blocks(n, toSpace: false)),
    ];

    private static void Reshape(NodeContext node)
    {
        ValueFacts input = node.Input(0);
        Dim[]? target = node.Opset < 5 ? Numbers(node.Ints("shape")) : node.Input(1).Content;
        Dim[]? shape = null;
        if (target is not null)
            shape = Reshaped(node, input, target, node.Int("allowzero", 0) != 0);
        else if (node.Opset >= 5 && node.VectorLength(1) is { } rank)
            shape = LastFromCount(node, input.Count(), new Dim?[rank]);
        node.Set(0, ValueFacts.Tensor(input.Element, shape) with { Content = input.Content, Floats = input.Floats });
    }

    private static Dim[] Reshaped(NodeContext node, ValueFacts input, Dim[] target, bool allowZero)
    {
        Dim?[] shape = new Dim?[target.Length];
        for (int i = 0; i < shape.Length; i++)
        {
            Dim dim = target[i];
            if (dim.Value == 0 && !allowZero)
                shape[i] = input.Shape is { } dims && i < dims.Length ? dims[i] : null;
            else if (dim.Value is >= 0 || (dim.Value is null && (dim.IsKnown || dim.IsNonNegative)))
                shape[i] = dim;
        }
        return LastFromCount(node, input.Count(), shape);
    }

    // The number of elements stays: the only dimension that is not known follows from the others.
    private static Dim[] LastFromCount(NodeContext node, Dim? count, Dim?[] shape)
    {
        int missing = -1;
        Dim? others = Dim.One;
        for (int i = 0; i < shape.Length; i++)
        {
            if (shape[i] is { } dim)
                others = others is null ? null : others * dim;
            else if (missing < 0)
                missing = i;
            else
                others = null;
        }
        if (missing >= 0 && count is not null && others is not null && others.Value != 0)
            shape[missing] = Dim.FloorDivide(count, others);
        return Array.ConvertAll(shape, node.OrUnknown);
    }

    private static Dim[]? Numbers(long[]? numbers) => numbers is null ? null : InferenceScope.Fixed(numbers);

    private static void Flatten(NodeContext node)
    {
        Dim[]? shape = null;
        if (node.Shape(0) is { } input)
        {
            long axis = node.Int("axis", 1);
            axis += axis < 0 ? input.Length : 0;
            if (axis >= 0 && axis <= input.Length)
                shape = [Product(0, (int)axis), Product((int)axis, input.Length)];

            Dim Product(int from, int to)
            {
                Dim? product = Dim.One;
                for (int i = from; i < to && product is not null; i++)
                    product *= input[i];
                return node.OrUnknown(product);
            }
        }
        node.Set(0, ValueFacts.Tensor(node.Element(0), shape ?? node.Unknowns(2)) with { Content = node.Input(0).Content, Floats = node.Input(0).Floats });
    }

    private static void Squeeze(NodeContext node)
    {
        ValueFacts input = node.Input(0);
        long[]? axes = node.Axes(out bool given);
        Dim[]? shape = null;
        if (input.Shape is { } dims && (axes is not null || !given))
        {
            bool[] removed = new bool[dims.Length];
            bool isKnown = true;
            for (int i = 0; i < dims.Length && axes is not { Length: > 0 }; i++)
            {
                // One that might be 1 at run time leaves the rank open; and one that is, where no axes are given but an empty list
                // of them: ONNX Runtime removes it, and the specification's shape inference does not.
                removed[i] = dims[i].Value == 1;
                isKnown &= dims[i].Value is { } size && (size != 1 || axes is null);
            }
            foreach (long axis in axes ?? [])
            {
                if (NodeContext.Axis(axis, dims.Length) is { } at)
                    removed[at] = true;
                else
                    isKnown = false;
            }
            List<Dim> left = [];
            for (int i = 0; i < dims.Length; i++)
            {
                if (!removed[i])
                    left.Add(dims[i]);
            }
            shape = isKnown ? [.. left] : null;
        }
        node.Set(0, ValueFacts.Tensor(input.Element, shape) with { Content = input.Content, Floats = input.Floats });
    }

    private static void Unsqueeze(NodeContext node)
    {
        ValueFacts input = node.Input(0);
        Dim[]? shape = null;
        if (input.Shape is { } dims && node.Axes(out _) is { } axes)
        {
            Dim?[] wider = new Dim?[dims.Length + axes.Length];
            bool isKnown = true;
            foreach (long axis in axes)
            {
                if (NodeContext.Axis(axis, wider.Length) is { } at && wider[at] is null)
                    wider[at] = Dim.One;
                else
                    isKnown = false;
            }
            for (int i = 0, from = 0; i < wider.Length && isKnown; i++)
                wider[i] ??= dims[from++];
            shape = isKnown ? Array.ConvertAll(wider, d => d!) : null;
        }
        node.Set(0, ValueFacts.Tensor(input.Element, shape) with { Content = input.Content, Floats = input.Floats });
    }

    private static void Transpose(NodeContext node)
    {
        ValueFacts input = node.Input(0);
        if (input.Shape is not { } dims)
        {
            node.Set(0, input.Element, node.Ints("perm") is { Length: > 0 and <= 16 } known ? node.Unknowns(known.Length) : null);
            return;
        }
        int[] order = new int[dims.Length];
        long[]? given = node.Ints("perm");
        bool[] used = new bool[dims.Length];
        for (int i = 0; i < order.Length; i++)
        {
            long axis = given is null ? dims.Length - 1 - i : i < given.Length ? given[i] : -1;
            if (axis < 0 || axis >= dims.Length || used[axis] || given?.Length > dims.Length)
            {
                node.Set(0, input.Element, null);
                return;
            }
            order[i] = (int)axis;
            used[axis] = true;
        }
        Dim[] shape = Array.ConvertAll(order, a => dims[a]);
        ValueFacts facts = ValueFacts.Tensor(input.Element, shape);
        if (input.Content is { } content && Contents.Small(dims) is { } from && Contents.Small(shape) is { } to)
        {
            int[] place = new int[order.Length];
            facts = facts with
            {
                Content = Contents.Pick(to, at =>
                {
                    for (int i = 0; i < order.Length; i++)
                        place[order[i]] = at[i];
                    return content[Contents.At(from, place)];
                }),
            };
        }
        node.Set(0, facts);
    }

    private static void Expand(NodeContext node)
    {
        ValueFacts input = node.Input(0);
        Dim[]? shape = null;
        if (node.Input(1).Content is { } target)
            shape = Array.Exists(target, d => d.Value is < 0) ? null : node.Broadcast(input.Shape, target);
        else if (input.Shape is { } dims && node.VectorLength(1) is { } rank)
            shape = node.Unknowns(Math.Max(dims.Length, rank));
        node.Set(0, ValueFacts.Tensor(input.Element, shape) with { Content = Spread(input, shape) });
    }

    // The elements of a tensor broadcast to another shape.
    private static Dim[]? Spread(ValueFacts input, Dim[]? shape) =>
        input.Content is { } content && Contents.Small(input.Shape) is { } from && Contents.Small(shape) is { } to
            ? Contents.Pick(to, at => content[Contents.At(from, at)]) : null;

    private static void Tile(NodeContext node)
    {
        ValueFacts input = node.Input(0);
        if (input.Shape is not { } dims)
        {
            node.Set(0, input.Element, null);
            return;
        }
        Dim[]? repeats = node.Opset < 6 ? null : node.Input(1).Content;
        Dim[] shape = repeats?.Length != dims.Length ? node.Unknowns(dims.Length) : new Dim[dims.Length];
        for (int i = 0; i < dims.Length && repeats?.Length == dims.Length; i++)
            shape[i] = node.OrUnknown(dims[i] * repeats![i]);
        ValueFacts facts = ValueFacts.Tensor(input.Element, shape);
        if (input.Content is { } content && Contents.Small(dims) is { } from && Contents.Small(shape) is { } to && from.Length > 0)
        {
            int[] place = new int[from.Length];
            facts = facts with
            {
                Content = Contents.Pick(to, at =>
                {
                    for (int i = 0; i < from.Length; i++)
                        place[i] = at[i] % from[i];
                    return content[Contents.At(from, place)];
                }),
            };
        }
        node.Set(0, facts);
    }

    private static void Blocks(NodeContext node, bool toSpace)
    {
        long size = node.Int("blocksize", 0);
        if (node.Shape(0) is not { Length: 4 } dims || size is < 1 or > int.MaxValue)
        {
            node.Set(0, node.Element(0), node.Unknowns(4));
            return;
        }
        Dim block = Dim.Of(size), square = Dim.Of(size * size);
        node.Set(0, node.Element(0), toSpace
            ? [dims[0], node.OrUnknown(Dim.FloorDivide(dims[1], square)), node.OrUnknown(dims[2] * block), node.OrUnknown(dims[3] * block)]
            : [dims[0], node.OrUnknown(dims[1] * square), node.OrUnknown(Dim.FloorDivide(dims[2], block)), node.OrUnknown(Dim.FloorDivide(dims[3], block))]);
    }
}
