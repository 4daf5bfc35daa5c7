using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Cost;

/// <summary>What moves elements, or goes over rows of them.</summary>
internal static class MovementWork
{
    // The operator set since which Softmax and its kin go along one axis.
    private const long OneAxis = 13;

    public static IReadOnlyList<Work>? Of(NodeSizes node) => node.OpType switch
    {
        "Transpose" => Transpose(node),
        "Concat" or "QLinearConcat" => Concat(node),
        "Slice" or "Split" or "Pad" or "Expand" or "Tile" or "DepthToSpace" or "SpaceToDepth" or "CumSum" or "Trilu" => Copy(node),
        "Gather" or "GatherND" or "GatherElements" or "ScatterND" or "ScatterElements" or "Scatter" or "EmbedLayerNormalization" => Gather(node),
        "Resize" or "Upsample" => Resize(node),
        "Softmax" or "LogSoftmax" or "Hardmax" or "QLinearSoftmax" => Softmax(node),
        "LayerNormalization" or "SimplifiedLayerNormalization" or "RMSNormalization" => Rows(node, "layer-norm"),
        "SkipLayerNormalization" or "SkipSimplifiedLayerNormalization" => Rows(node, "skip-layer-norm"),
        "ArgMax" or "ArgMin" or "TopK" => Reduce(node, "arg-max", "arg-max"),
        _ => node.OpType.StartsWith("Reduce", StringComparison.Ordinal) ? Reduce(node, "reduce-last", "reduce-outer") : null,
    };

    private static IReadOnlyList<Work>? Transpose(NodeSizes node)
    {
        if (node.Input(0) is not { } shape)
            return null;
        long[] order = node.Integers("perm") is { } given && given.Length == shape.Length
            ? given
            : [.. Enumerable.Range(0, shape.Length).Select(i => (long)(shape.Length - 1 - i))];
        // Axes of one element move freely.
        long[] moved = [.. order.Where(axis => axis >= 0 && axis < shape.Length && shape[axis] != 1)];
        if (moved.SequenceEqual(moved.OrderBy(a => a)))
            return [NodeWork.Elements("relu", NodeSizes.Count(shape))];
        double run = 1;
        for (int i = shape.Length - 1; i >= 0 && order[i] == i; i--)
            run *= shape[i];
        return [Runs("transpose", NodeSizes.Count(shape), run)];
    }

    private static IReadOnlyList<Work>? Concat(NodeSizes node)
    {
        if (node.Output(0) is not { Length: > 0 } output)
            return null;
        int axis = Axis(node.Integer("axis", 0), output.Length), inputs = Math.Max(1, node.Node.Inputs.Length);
        return [Runs("concat", NodeSizes.Count(output), NodeSizes.Product(output, axis, output.Length) / inputs)];
    }

    // As many together as the last axes have that come out as they went in, and what is taken of the next one.
    private static IReadOnlyList<Work>? Copy(NodeSizes node)
    {
        if (node.Input(0) is not { } input || node.Output(0) is not { } output)
            return null;
        double run = 1;
        for (int i = 1; i <= output.Length; i++)
        {
            run *= output[output.Length - i];
            if (i > input.Length || input[input.Length - i] != output[output.Length - i])
                break;
        }
        double count = node.Node.Outputs.Select((_, i) => NodeSizes.Count(node.Output(i))).Sum();
        return [Runs("copy", count, run)];
    }

    private static IReadOnlyList<Work>? Gather(NodeSizes node)
    {
        if (node.Input(0) is not { } data || node.Output(0) is not { } output)
            return null;
        int axis = Axis(node.Integer("axis", 0), Math.Max(1, data.Length));
        double run = node.OpType is "Gather" or "EmbedLayerNormalization" && data.Length > 0 ? NodeSizes.Product(data, axis + 1, data.Length) : 1;
        return [Runs("gather", NodeSizes.Count(output), run)];
    }

    private static IReadOnlyList<Work>? Resize(NodeSizes node)
    {
        if (node.Output(0) is not { Length: > 0 } output)
            return null;
        double plane = output.Length == 4 ? output[2] * output[3] : output[output.Length - 1];
        return [Runs(node.Text("mode") is "" or "nearest" ? "resize-nearest" : "resize-linear", NodeSizes.Count(output), plane)];
    }

    // Along one axis; before operator set 13 along all axes from one on.
    private static IReadOnlyList<Work>? Softmax(NodeSizes node)
    {
        if (node.Input(0) is not { Length: > 0 } shape)
            return null;
        bool isAlongOne = (node.OpType == "QLinearSoftmax" ? node.Integer("opset", node.Opset) : node.Opset) >= OneAxis;
        int axis = Axis(node.Integer("axis", isAlongOne ? -1 : 1), shape.Length);
        double columns = isAlongOne ? shape[axis] : NodeSizes.Product(shape, axis, shape.Length), count = NodeSizes.Count(shape);
        return [Rows("softmax", count / Math.Max(1, columns), columns)];
    }

    private static IReadOnlyList<Work>? Rows(NodeSizes node, string kernel)
    {
        if (node.Input(0) is not { Length: > 0 } shape)
            return null;
        int axis = Axis(node.Integer("axis", -1), shape.Length);
        double columns = NodeSizes.Product(shape, axis, shape.Length);
        return [Rows(kernel, NodeSizes.Count(shape) / Math.Max(1, columns), columns)];
    }

    private static IReadOnlyList<Work>? Reduce(NodeSizes node, string last, string outer)
    {
        if (node.Input(0) is not { Length: > 0 } input || node.Output(0) is not { } output)
            return null;
        double count = NodeSizes.Count(input), results = Math.Max(1, NodeSizes.Count(output));
        // Where the last axis stays, whole rows are added up.
        bool keepsLast = output.Length == input.Length && output[output.Length - 1] == input[input.Length - 1] && input[input.Length - 1] > 1;
        return [keepsLast ? Rows(outer, count / results, results) : Rows(last, results, count / results)];
    }

    private static int Axis(long axis, int rank) => (int)Math.Min(rank - 1, Math.Max(0, axis < 0 ? axis + rank : axis));

    private static Work Rows(string kernel, double rows, double columns) =>
        rows * columns < 4 ? Work.Node : new Work(kernel, [Math.Max(1, rows), Math.Max(1, columns)]);

    private static Work Runs(string kernel, double elements, double run) =>
        new(kernel, [Math.Max(1, elements), Math.Max(1, Math.Min(run, elements))]);
}
