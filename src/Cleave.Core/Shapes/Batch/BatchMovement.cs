using System;

namespace Cleave.Core.Shapes.Batch;

/// <summary>Operators that move elements: the samples must lie one behind the other along one axis before and after.</summary>
internal static class BatchMovement
{
    public static BatchState Transpose(BatchNode node, int output)
    {
        BatchState state = node.In(0);
        if (!state.IsPerSample || node.Shape(0) is not { } shape)
            return node.Mixed("turns what is not known");
        int axis = node.Ints("perm") is { } order ? Array.IndexOf(order, (long)state.Axis) : shape.Length - 1 - state.Axis;
        return axis >= 0 ? state with { Axis = axis } : node.Mixed("has an order of axes that is not one");
    }

    /// <summary>
    /// The elements stay in their order. Samples stay apart where as many elements stand before the axis with the batch as did
    /// before: then each sample has the same ones as before.
    /// </summary>
    public static BatchState Reshape(BatchNode node, int output)
    {
        BatchState state = node.In(0);
        if (!node.IsShape(1))
            return node.Mixed("takes a shape that depends on the samples");
        if (!state.IsPerSample || node.Shape(0) is not { } from || node.OutShape(output) is not { } to)
            return node.Mixed("has an output of unknown shape");
        int axis = Array.FindIndex(to, node.HasBatch);
        if (axis < 0 || Dim.ExactDivide(to[axis], node.Batch) is not { } inner || node.HasBatch(inner))
            return node.Mixed("has an output in whose shape the batch is not found");
        return Product(from, state.Axis) is { } before && before.Equals(Product(to, axis))
            ? BatchState.PerSample(axis, inner)
            : node.Mixed("mixes samples: it puts the batch behind other axes into one");
    }

    private static Dim? Product(Dim[] shape, int count)
    {
        Dim? product = Dim.One;
        for (int i = 0; i < count && product is not null; i++)
            product *= shape[i];
        return product;
    }

    public static BatchState Expand(BatchNode node, int output)
    {
        if (!node.IsShape(1) || node.OutShape(output) is not { } to || node.Shape(0) is not { } from)
            return node.Mixed("has an output of unknown shape");
        BatchState state = node.In(0);
        if (state.Kind == BatchKind.Sizes)
            return node.UsesSize();
        // A constant given to each sample.
        if (!state.IsPerSample)
            return Given(node, to, 1, axis => BatchElements.IsOne(from, to.Length - axis));
        int place = (node.Content(1)?.Length ?? 0) - (from.Length - state.Axis);
        return node.SaysBatchOnlyAt(place, 1) ? state with { Axis = to.Length - from.Length + state.Axis } : node.UsesSize();
    }

    public static BatchState ConstantOfShape(BatchNode node, int output) =>
        node.IsShape(0) && node.OutShape(output) is { } to ? Given(node, to, 0, _ => true) : node.Mixed("has an output of unknown shape");

    private static BatchState Given(BatchNode node, Dim[] shape, int target, Predicate<int> isSame)
    {
        int axis = Array.FindIndex(shape, node.HasBatch);
        if (!node.SaysBatchOnlyAt((node.Content(target)?.Length ?? 0) - (shape.Length - axis), target))
            return node.UsesSize();
        return axis >= 0 && isSame(axis) && Dim.ExactDivide(shape[axis], node.Batch) is { } inner && !node.HasBatch(inner)
            ? BatchState.PerSample(axis, inner) : node.Mixed("has an output in whose shape the batch is not found");
    }

    public static BatchState Tile(BatchNode node, int output)
    {
        if (!node.IsShape(1) || node.Content(1) is not { } repeats || node.Shape(0) is not { } from || repeats.Length != from.Length)
            return node.Mixed("repeats in a way that is not known");
        BatchState state = node.In(0);
        int axis = state.IsPerSample ? state.Axis : Array.FindIndex(repeats, node.HasBatch);
        if (state.Kind == BatchKind.Sizes || !node.SaysBatchOnlyAt(axis, 1))
            return node.UsesSize();
        if (state.IsPerSample)
            return repeats[axis].Value == 1 ? state : node.Mixed("repeats the whole batch");
        // A constant repeated for each sample: the samples lie outermost.
        return axis >= 0 && repeats[axis].Equals(node.Batch) ? BatchState.PerSample(axis, from[axis]) : node.Mixed("repeats in a way that is not followed");
    }

    public static BatchState Concat(BatchNode node, int output)
    {
        BatchState state = node.In(0);
        for (int i = 0; i < node.InputCount; i++)
        {
            BatchState other = node.In(i);
            if (other.Kind == BatchKind.Sizes && !state.IsPerSample)
                return node.UsesSize();
            if (!other.IsPerSample || !state.IsPerSample || other.Axis != state.Axis || !other.Inner!.Equals(state.Inner))
                return node.Mixed("joins what is given for each sample with what is not, or along other axes");
        }
        return BatchAxes.Along(node, node.Int("axis", node.Opset < 4 ? 1 : long.MaxValue), 0);
    }

    public static BatchState Slice(BatchNode node, int output)
    {
        BatchState state = node.In(0);
        for (int i = 1; i < node.InputCount; i++)
        {
            if (!node.IsShape(i))
                return node.Mixed("is cut by what it computes");
        }
        if (!state.IsPerSample || node.Shape(0) is not { } shape || node.OutShape(output) is not { } to)
            return node.Mixed("cuts what is not known");
        bool isOld = node.Opset < 10;
        long[]? axes = isOld ? node.Ints("axes") : node.Numbers(3);
        if (!isOld && node.Has(3) && axes is null)
            return node.Mixed("cuts axes that are not known");
        int at = axes is null ? state.Axis : Array.FindIndex(axes, a => NodeContext.Axis(a, shape.Length) == state.Axis);
        // A place or a step on another axis that depends on the batch need not show in the shape.
        if (!isOld && !(node.SaysBatchOnlyAt(at, 1) && node.SaysBatchOnlyAt(at, 2) && node.SaysBatchOnlyAt(at, 4)))
            return node.UsesSize();
        long[]? starts = isOld ? node.Ints("starts") : node.Numbers(1);
        if (at < 0 || (axes is null && at >= (starts?.Length ?? int.MaxValue)))
            return state;
        // The whole batch may be named, too.
        bool isInSteps = node.Has(4) && !(node.Numbers(4) is { } steps && at < steps.Length && steps[at] == 1);
        bool isWhole = at < starts?.Length && starts[at] == 0 && to[state.Axis].Equals(shape[state.Axis]) && !isInSteps;
        return isWhole ? state : node.Mixed("takes a part of the batch");
    }

    public static BatchState Pad(BatchNode node, int output)
    {
        BatchState state = node.In(0);
        if (!state.IsPerSample || node.Shape(0) is not { } shape || !node.OthersAreIndependent(1))
            return node.Mixed("is padded by what depends on the samples");
        long[]? pads = node.Opset < 11 ? node.Ints("pads") ?? node.Ints("paddings") : node.Numbers(1);
        long[]? axes = node.Opset < 18 || !node.Has(3) ? null : node.Numbers(3);
        if (pads is null || (axes is null && node.Has(3)))
            return node.Mixed("is padded by what is not known");
        int at = axes is null ? state.Axis : Array.FindIndex(axes, a => NodeContext.Axis(a, shape.Length) == state.Axis);
        bool isPadded = at >= 0 && (pads.Length <= at + (pads.Length / 2) || pads[at] != 0 || pads[at + (pads.Length / 2)] != 0);
        return isPadded ? node.Mixed("pads the batch") : state;
    }

    public static BatchState Resize(BatchNode node, int output)
    {
        BatchState state = node.In(0);
        // Only the last of four inputs is a shape; the others are scales and a region.
        for (int i = 1; i < node.InputCount; i++)
        {
            if (i == 3 ? !node.IsShape(i) : node.In(i).Kind != BatchKind.Independent)
                return node.Mixed("takes a size that depends on the samples");
        }
        bool isRegion = node.Text("coordinate_transformation_mode", "") == "tf_crop_and_resize";
        if (!state.IsPerSample || isRegion || node.Shape(0) is not { } from || node.OutShape(output) is not { } to)
            return node.Mixed("gives a size that is not known");
        // Half a place further at any scale, also at 1 along the batch: only what rounds down stays in its place.
        if (node.Text("coordinate_transformation_mode", "") == "tf_half_pixel_for_nn" && !(node.Text("mode", "nearest") == "nearest"
            && node.Text("nearest_mode", "round_prefer_floor") is "floor" or "round_prefer_floor"))
            return node.Mixed("reads the next place, which may be the next sample's");
        int at = node.Ints("axes") is { Length: > 0 } axes ? Array.FindIndex(axes, a => NodeContext.Axis(a, from.Length) == state.Axis) : state.Axis;
        if (!node.SaysBatchOnlyAt(at, 3))
            return node.UsesSize();
        return to[state.Axis].Equals(from[state.Axis]) ? state : node.MixesAlong(state.Axis);
    }

    public static BatchState Trilu(BatchNode node, int output)
    {
        BatchState state = node.In(0);
        return state.IsPerSample && node.In(1).Kind == BatchKind.Independent && node.Shape(0) is { } shape && state.Axis < shape.Length - 2
            ? state : node.Mixed("cuts a triangle out of the batch");
    }

    public static BatchState Gather(BatchNode node, int output)
    {
        BatchState data = node.In(0), indices = node.In(1);
        if (node.Shape(0) is not { } from || node.Shape(1) is not { } picked || NodeContext.Axis(node.Int("axis", 0), from.Length) is not { } axis)
            return node.Mixed("picks along an axis that is not known");
        if (data.IsPerSample && indices.Kind == BatchKind.Independent)
        {
            return axis == data.Axis ? node.Mixed("picks samples")
                : axis > data.Axis ? data : data with { Axis = data.Axis - 1 + picked.Length };
        }
        if (data.Kind == BatchKind.Sizes || indices.Kind == BatchKind.Sizes)
            return node.UsesSize();
        return data.Kind == BatchKind.Independent && indices.IsPerSample
            ? indices with { Axis = indices.Axis + axis } : node.Mixed("picks from one sample what another says");
    }

    // All tensors have the same axes.
    public static BatchState GatherElements(BatchNode node, int output)
    {
        BatchState state = node.In(0);
        for (int i = 1; i < node.InputCount; i++)
        {
            if (!state.IsPerSample || node.In(i) is not { IsPerSample: true } other || other.Axis != state.Axis || !other.Inner!.Equals(state.Inner))
                return node.Mixed("picks from one sample what another says");
        }
        return BatchAxes.Along(node, node.Int("axis", 0), 0);
    }

    public static BatchState GatherNd(BatchNode node, int output)
    {
        BatchState data = node.In(0), indices = node.In(1);
        if (node.Shape(1) is not { } picked || !indices.IsPerSample || indices.Axis >= picked.Length - 1)
            return node.Mixed("picks from the batch what a constant says");
        bool isPaired = data.IsPerSample && data.Axis == indices.Axis && data.Axis < node.Int("batch_dims", 0) && data.Inner!.Equals(indices.Inner);
        bool isTable = data.Kind == BatchKind.Independent && indices.Axis >= node.Int("batch_dims", 0);
        return isTable || isPaired ? indices : node.Mixed("picks from one sample what another says");
    }

    public static BatchState OneHot(BatchNode node, int output)
    {
        BatchState state = node.In(0);
        if (!state.IsPerSample || !node.OthersAreIndependent(1) || node.Shape(0) is not { } shape || NodeContext.Axis(node.Int("axis", -1), shape.Length + 1) is not { } axis)
            return node.Mixed("takes a depth that depends on the samples");
        return axis <= state.Axis ? state with { Axis = state.Axis + 1 } : state;
    }
}
