using System;
using System.Collections.Generic;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Slice: a range of each of some axes, with steps.</summary>
internal static class Slicing
{
    public static IEnumerable<OperatorRule> Rules => [new("", "Slice", Coverage.Exact, Slice)];

    private static void Slice(NodeContext node)
    {
        ValueFacts data = node.Input(0);
        if (data.Shape is not { } dims)
        {
            node.Set(0, data.Element, null);
            return;
        }
        if (Ranges(node, dims.Length) is not { } ranges)
        {
            node.Set(0, data.Element, node.Unknowns(dims.Length));
            return;
        }
        Dim[] shape = new Dim[dims.Length];
        for (int i = 0; i < shape.Length; i++)
            shape[i] = ranges[i] is { } range ? node.OrUnknown(Length(dims[i], range)) : dims[i];
        node.Set(0, ValueFacts.Tensor(data.Element, shape) with { Content = Picked(data, shape, ranges) });
    }

    private sealed record Range(Dim Start, Dim End, Dim Step);

    // The range of each axis; null for those that stay. Null where the axes are not known.
    private static Range?[]? Ranges(NodeContext node, int rank)
    {
        bool isOld = node.Opset < 10;
        Dim[]? starts = isOld ? Fixed(node.Ints("starts")) : node.Input(1).Content;
        Dim[]? ends = isOld ? Fixed(node.Ints("ends")) : node.Input(2).Content;
        Dim[]? steps = isOld || !node.HasInput(4) ? null : node.Input(4).Content;
        long[]? axes = isOld ? node.Ints("axes") : node.HasInput(3) ? Contents.Numbers(node.Input(3).Content) : null;
        bool hasAxes = isOld ? axes is not null : node.HasInput(3);
        // What is not known of a range leaves the other axes as they are.
        int? count = axes?.Length ?? starts?.Length ?? ends?.Length ?? (isOld ? null : node.VectorLength(1));
        if (count is null || (hasAxes && axes is null))
            return null;
        Range?[] ranges = new Range?[rank];
        for (int i = 0; i < count; i++)
        {
            if (NodeContext.Axis(axes is null ? i : axes[i], rank) is not { } axis)
                return null;
            Dim? step = isOld || !node.HasInput(4) ? Dim.One : steps is not null && i < steps.Length ? steps[i] : null;
            ranges[axis] = new Range(At(starts, i), At(ends, i), step ?? node.UnknownNumber());

            Dim At(Dim[]? bounds, int index) => bounds is not null && index < bounds.Length ? bounds[index] : node.UnknownNumber();
        }
        return ranges;
    }

    private static Dim[]? Fixed(long[]? numbers) => numbers is null ? null : InferenceScope.Fixed(numbers);

    private static Dim? Length(Dim dim, Range range)
    {
        if (range.Step.Value is not { } step || step is 0 or long.MinValue)
            return null;
        if (dim.Value is { } size && range.Start.Value is { } start && range.End.Value is { } end)
        {
            if (IsDisputed(size, end, step))
                return null;
            (long first, long last) = Clamped(size, start, end, step);
            long span = step > 0 ? last - first : first - last;
            return Dim.Of(span <= 0 ? 0 : (span - 1) / Math.Abs(step) + 1);
        }
        if (step < 0)
            return IsLast(dim, range.Start) && range.End.Value is < -int.MaxValue ? Dim.CeilingDivide(dim, Dim.Of(-step)) : null;
        if (Bound(dim, range.Start) is not { } from || Bound(dim, range.End) is not { } to || to - from is not { } length)
            return null;
        return Dim.Max(length, Dim.Zero) is { } positive ? Dim.CeilingDivide(positive, Dim.Of(step)) : null;
    }

    // Whether a start is at or behind the last element: -1, or a number as large as exporters write for "all".
    private static bool IsLast(Dim dim, Dim start) => start.Value is -1 or >= int.MaxValue || (dim - Dim.One)?.Equals(start) == true;

    // Where a bound lies for a dimension that is not a number, or is none itself; null where that is open.
    private static Dim? Bound(Dim dim, Dim bound)
    {
        if (bound.Value is { } number)
        {
            if (number >= int.MaxValue)
                return dim;
            if (number < 0)
                return number <= -int.MaxValue ? Dim.Zero : dim + bound is { } fromEnd ? Dim.Max(fromEnd, Dim.Zero) : null;
            return Dim.Min(dim, bound);
        }
        return bound.IsNonNegative ? Dim.Min(dim, bound) : null;
    }

    private static (long First, long Last) Clamped(long size, long start, long end, long step)
    {
        // Counted from the end where negative; then into what a step of that sign can reach.
        start = start < 0 ? Math.Max(start, -size - 1) + size : start;
        end = end < 0 ? Math.Max(end, -size - 1) + size : end;
        return step > 0
            ? (Math.Min(Math.Max(start, 0), size), Math.Min(Math.Max(end, 0), size))
            : (Math.Min(Math.Max(start, 0), size - 1), Math.Min(Math.Max(end, -1), size - 1));
    }

    // To ONNX Runtime these ends mean all that is left, whatever the step's sign; the specification takes them for numbers.
    private static bool IsDisputed(long size, long end, long step) =>
        size > 0 && end is int.MaxValue or long.MaxValue && (step < 0 || size > end);

    private static Dim[]? Picked(ValueFacts data, Dim[] shape, Range?[] ranges)
    {
        if (data.Content is not { } content || Contents.Small(data.Shape) is not { } from || Contents.Small(shape) is not { } to)
            return null;
        long[] first = new long[from.Length], step = new long[from.Length];
        for (int i = 0; i < from.Length; i++)
        {
            step[i] = 1;
            if (ranges[i] is not { } range)
                continue;
            if (range.Start.Value is not { } start || range.End.Value is not { } end || range.Step.Value is not { } by)
                return null;
            first[i] = Clamped(from[i], start, end, by).First;
            step[i] = by;
        }
        int[] place = new int[from.Length];
        return Contents.Pick(to, at =>
        {
            for (int i = 0; i < place.Length; i++)
                place[i] = (int)(first[i] + (at[i] * step[i]));
            return content[Contents.At(from, place)];
        });
    }
}
