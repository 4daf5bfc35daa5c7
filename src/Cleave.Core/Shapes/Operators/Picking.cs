using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Operators that pick, join, split and overwrite parts of tensors.</summary>
internal static class Picking
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "Gather", Coverage.Exact, Gather),
        new("", "GatherElements", Coverage.Exact, n => n.Set(0, n.Element(0), n.Shape(1))),
        new("", "GatherND", Coverage.Exact, GatherNd),
        new("", "Concat", Coverage.Exact, Concat),
        new("", "Split", Coverage.Exact, Split),
        new("", "Scatter", Coverage.Exact, SameAsFirst),
        new("", "ScatterElements", Coverage.Exact, SameAsFirst),
        new("", "ScatterND", Coverage.Exact, SameAsFirst),
        new("", "Trilu", Coverage.Exact, SameAsFirst),
        new("", "CumSum", Coverage.Exact, SameAsFirst),
        new("", "ReverseSequence", Coverage.Exact, SameAsFirst),
        new("", "Pad", Coverage.Exact, Pad),
        new("", "Compress", Coverage.Partial, Compress),
        new("", "NonZero", Coverage.Partial, n => n.Set(0, ElementType.Int64, [n.Shape(0) is { } shape ? Dim.Of(Math.Max(1, shape.Length)) : n.Unknown(), n.Unknown()])),
        new("", "Unique", Coverage.Partial, Unique),
    ];

    private static void SameAsFirst(NodeContext node)
    {
        if (node.Input(0).Kind == ValueKind.Tensor)
            node.Set(0, node.Element(0), node.Shape(0));
    }

    private static void Gather(NodeContext node)
    {
        ValueFacts data = node.Input(0), indices = node.Input(1);
        if (data.Shape is not { } from || indices.Shape is not { } picked || NodeContext.Axis(node.Int("axis", 0), from.Length) is not { } axis)
        {
            node.Set(0, data.Element, null);
            return;
        }
        Dim[] shape = new Dim[from.Length - 1 + picked.Length];
        Array.Copy(from, shape, axis);
        picked.CopyTo(shape, axis);
        Array.Copy(from, axis + 1, shape, axis + picked.Length, from.Length - axis - 1);
        node.Set(0, ValueFacts.Tensor(data.Element, shape) with { Content = Gathered(data, indices, shape, axis) });
    }

    private static Dim[]? Gathered(ValueFacts data, ValueFacts indices, Dim[] shape, int axis)
    {
        if (data.Content is not { } content || Contents.Numbers(indices.Content) is not { } at
            || Contents.Small(data.Shape) is not { } from || Contents.Small(indices.Shape) is not { } picked || Contents.Small(shape) is not { } to)
        {
            return null;
        }
        if (Array.Exists(at, i => i < -from[axis] || i >= from[axis]))
            return null;
        int[] place = new int[from.Length], index = new int[picked.Length];
        return Contents.Pick(to, here =>
        {
            Array.Copy(here, axis, index, 0, index.Length);
            long chosen = at[Contents.At(picked, index)];
            Array.Copy(here, place, axis);
            place[axis] = (int)(chosen < 0 ? chosen + from[axis] : chosen);
            Array.Copy(here, axis + index.Length, place, axis + 1, from.Length - axis - 1);
            return content[Contents.At(from, place)];
        });
    }

    private static void GatherNd(NodeContext node)
    {
        Dim[]? shape = null;
        long batch = node.Int("batch_dims", 0);
        if (node.Shape(0) is { } data && node.Shape(1) is { Length: > 0 } indices && indices[indices.Length - 1].Value is >= 0 and { } depth
            && batch >= 0 && batch < indices.Length && depth <= data.Length - batch)
        {
            List<Dim> dims = [.. indices];
            dims.RemoveAt(dims.Count - 1);
            for (int i = (int)(batch + depth); i < data.Length; i++)
                dims.Add(data[i]);
            shape = [.. dims];
        }
        node.Set(0, node.Element(0), shape);
    }

    private static void Concat(NodeContext node)
    {
        Dim[]? shape = null;
        for (int i = 0; i < node.InputCount && shape is null; i++)
            shape = node.Shape(i);
        ElementType element = ElementType.Undefined;
        for (int i = 0; i < node.InputCount && element == ElementType.Undefined; i++)
            element = node.Element(i);
        if (shape is null || NodeContext.Axis(node.Int("axis", node.Opset < 4 ? 1 : long.MaxValue), shape.Length) is not { } axis)
        {
            node.Set(0, element, null);
            return;
        }
        shape = (Dim[])shape.Clone();
        Dim? sum = Dim.Zero;
        for (int i = 0; i < node.InputCount; i++)
        {
            Dim[]? one = node.Shape(i) is { } dims && dims.Length == shape.Length ? dims : null;
            sum = sum is null || one is null ? null : sum + one[axis];
            // All but the axis are equal: what is known of one holds for all.
            for (int d = 0; d < shape.Length && one is not null; d++)
                shape[d] = shape[d].Value is null && (one[d].Value is not null || (one[d].IsKnown && !shape[d].IsKnown)) ? one[d] : shape[d];
        }
        shape[axis] = node.OrUnknown(sum);
        node.Set(0, ValueFacts.Tensor(element, shape) with { Content = axis == 0 && shape.Length == 1 ? Joined(node, shape[0]) : null, Floats = JoinedFloats(node, shape) });
    }

    private static Dim[]? Joined(NodeContext node, Dim count)
    {
        if (count.Value is not <= Contents.Most)
            return null;
        List<Dim> content = [];
        bool isFollowed = false;
        for (int i = 0; i < node.InputCount; i++)
        {
            ValueFacts input = node.Input(i);
            Dim[]? part = Contents.Whole(input);
            isFollowed |= part is not null;
            // One element that is not known leaves the others known.
            for (long k = 0; part is null && k < input.Shape![0].Value; k++)
                content.Add(node.UnknownNumber());
            content.AddRange(part ?? []);
        }
        bool isWhole = node.Element(0) is ElementType.Int64 or ElementType.Int32 or ElementType.Bool;
        return content.Count == count.Value && isFollowed && (isWhole || content.TrueForAll(d => d.IsKnown)) ? [.. content] : null;
    }

    private static float[]? JoinedFloats(NodeContext node, Dim[] shape)
    {
        if (shape.Length != 1 || shape[0].Value is not <= Contents.Most)
            return null;
        List<float> floats = [];
        for (int i = 0; i < node.InputCount; i++)
        {
            if (node.Input(i).Floats is not { } part)
                return null;
            floats.AddRange(part);
        }
        return [.. floats];
    }

    private static void Split(NodeContext node)
    {
        ValueFacts input = node.Input(0);
        Dim[]? sizes = node.Ints("split") is { } split ? InferenceScope.Fixed(split) : node.HasInput(1) ? node.Input(1).Content : null;
        bool isOpen = sizes is null && node.HasInput(1);
        Dim start = Dim.Zero;
        int? axis = input.Shape is { } dims ? NodeContext.Axis(node.Int("axis", 0), dims.Length) : null;
        for (int i = 0; i < node.OutputCount; i++)
        {
            if (axis is not { } at)
            {
                node.Set(i, input.Element, null);
                continue;
            }
            Dim[] shape = (Dim[])input.Shape!.Clone();
            shape[at] = sizes is not null && i < sizes.Length ? sizes[i] : node.OrUnknown(isOpen ? null : EqualPart(node, shape[at], i));
            ValueFacts facts = ValueFacts.Tensor(input.Element, shape);
            if (shape.Length == 1 && input.Content is { } content && start.Value is { } from and >= 0 && shape[0].Value is { } count and >= 0
                && count <= content.Length - from)
            {
                Dim[] part = new Dim[count];
                Array.Copy(content, from, part, 0, count);
                facts = facts with { Content = part };
            }
            start = node.OrUnknown(start + shape[at]);
            node.Set(i, facts);
        }
    }

    // Since operator set 18 the last part may be smaller.
    private static Dim? EqualPart(NodeContext node, Dim whole, int index)
    {
        Dim parts = Dim.Of(Math.Max(node.OutputCount, node.Int("num_outputs", 0)));
        if (node.Opset < 18)
            return Dim.FloorDivide(whole, parts);
        if (Dim.ExactDivide(whole, parts) is { } exact)
            return exact;
        Dim? part = Dim.CeilingDivide(whole, parts);
        if (whole.Value is { } number && part?.Value is { } size)
            return Dim.Of(Math.Max(0, Math.Min(size, number - (size * index))));
        // A short dimension leaves the last parts empty, so only the first is sure.
        return index == 0 ? part : null;
    }

    private static void Pad(NodeContext node)
    {
        ValueFacts input = node.Input(0);
        if (input.Shape is not { } dims)
        {
            node.Set(0, input.Element, null);
            return;
        }
        Dim[]? pads = node.Opset < 11
            ? (node.Ints("pads") ?? node.Ints("paddings")) is { } given ? InferenceScope.Fixed(given) : null
            : node.Input(1).Content;
        long[]? axes = node.HasInput(3) ? Contents.Numbers(node.Input(3).Content) : null;
        int count = axes?.Length ?? dims.Length;
        if (pads is null || pads.Length != 2 * count || (node.HasInput(3) && axes is null))
        {
            node.Set(0, input.Element, node.Unknowns(dims.Length));
            return;
        }
        Dim[] shape = (Dim[])dims.Clone();
        for (int i = 0; i < count; i++)
        {
            int? axis = axes is null ? i : NodeContext.Axis(axes[i], dims.Length);
            if (axis is not { } at)
            {
                node.Set(0, input.Element, node.Unknowns(dims.Length));
                return;
            }
            shape[at] = node.OrUnknown(shape[at] + pads[i] is { } begun ? begun + pads[count + i] : null);
        }
        node.Set(0, input.Element, shape);
    }

    private static void Compress(NodeContext node)
    {
        Dim[]? input = node.Shape(0);
        if (node.Attribute("axis") is null)
            node.Set(0, node.Element(0), [Chosen(node, node.Input(0).Count())]);
        else if (input is null || NodeContext.Axis(node.Int("axis", 0), input.Length) is not { } axis)
            node.Set(0, node.Element(0), null);
        else
            node.Set(0, node.Element(0), Replaced(input, axis, Chosen(node, input[axis])));
    }

    // Elements behind the condition's end are left out, and what the condition says behind theirs is not read.
    private static Dim Chosen(NodeContext node, Dim? elements)
    {
        if (Contents.Numbers(node.Input(1).Content) is not { } condition)
            return node.Unknown();
        int last = Array.FindLastIndex(condition, static c => c != 0);
        if (elements?.Value is { } count)
            return Dim.Of(condition.Where((c, i) => c != 0 && i < count).Count());
        return last < 0 ? Dim.Of(0) : node.Unknown();
    }

    private static void Unique(NodeContext node)
    {
        Dim unique = node.Unknown();
        ValueFacts input = node.Input(0);
        Dim[]? shape = [unique];
        Dim? all = input.Count();
        if (node.Attribute("axis") is not null)
        {
            int? axis = input.Shape is { } dims ? NodeContext.Axis(node.Int("axis", 0), dims.Length) : null;
            shape = axis is { } at ? Replaced(input.Shape!, at, unique) : null;
            all = axis is { } of ? input.Shape![of] : null;
        }
        node.Set(0, input.Element, shape);
        node.Set(1, ElementType.Int64, [unique]);
        node.Set(2, ElementType.Int64, [node.OrUnknown(all)]);
        node.Set(3, ElementType.Int64, [unique]);
    }

    private static Dim[] Replaced(Dim[] shape, int axis, Dim dim)
    {
        Dim[] replaced = (Dim[])shape.Clone();
        replaced[axis] = dim;
        return replaced;
    }
}
