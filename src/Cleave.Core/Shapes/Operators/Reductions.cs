using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Operators that reduce axes, or order the elements along one.</summary>
internal static class Reductions
{
    private static readonly string[] Others =
        ["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMean", "ReduceSumSquare"];

    public static IEnumerable<OperatorRule> Rules
    {
        get
        {
            foreach (string opType in Others)
                yield return new OperatorRule("", opType, Coverage.Exact, n => Reduce(n, null));
            yield return new OperatorRule("", "ReduceSum", Coverage.Exact, n => Reduce(n, (a, b) => a + b));
            yield return new OperatorRule("", "ReduceProd", Coverage.Exact, n => Reduce(n, (a, b) => a * b));
            yield return new OperatorRule("", "ReduceMin", Coverage.Exact, n => Reduce(n, Dim.Min));
            yield return new OperatorRule("", "ReduceMax", Coverage.Exact, n => Reduce(n, Dim.Max));
            yield return new OperatorRule("", "ArgMax", Coverage.Exact, Arg);
            yield return new OperatorRule("", "ArgMin", Coverage.Exact, Arg);
            yield return new OperatorRule("", "TopK", Coverage.Exact, TopK);
        }
    }

    private static void Reduce(NodeContext node, Func<Dim, Dim, Dim?>? join)
    {
        ValueFacts input = node.Input(0);
        bool keeps = node.Int("keepdims", 1) != 0;
        long[]? axes = node.Axes(out bool given);
        if (given && axes is null)
        {
            node.Set(0, input.Element, input.Shape is { } dims && keeps ? node.Unknowns(dims.Length) : null);
            return;
        }
        if (axes is null or { Length: 0 } && node.Int("noop_with_empty_axes", 0) != 0)
        {
            node.Set(0, input.Element, input.Shape);
            return;
        }
        Dim[]? shape = Reduced(input.Shape, axes is { Length: > 0 } ? axes : null, keeps);
        // Those of shapes are vectors: all elements become one.
        Dim[]? content = join is not null && input.Content is { Length: > 0 } elements && input.Shape is { Length: 1 } && shape is not null
            ? [Joined(node, elements, join)] : null;
        node.Set(0, ValueFacts.Tensor(input.Element, shape) with { Content = content });
    }

    private static Dim Joined(NodeContext node, Dim[] elements, Func<Dim, Dim, Dim?> join)
    {
        Dim? joined = elements[0];
        for (int i = 1; i < elements.Length && joined is not null; i++)
            joined = join(joined, elements[i]);
        return joined is not null && Contents.Fits(node.Element(0), joined) ? joined : node.UnknownNumber();
    }

    // Without axes, over all. Null where the rank is not known, or an axis is out of range.
    private static Dim[]? Reduced(Dim[]? dims, long[]? axes, bool keeps)
    {
        if (dims is null)
            return axes is null && !keeps ? [] : null;
        bool[] reduced = new bool[dims.Length];
        for (int i = 0; i < (axes?.Length ?? dims.Length); i++)
        {
            if (NodeContext.Axis(axes?[i] ?? i, dims.Length) is not { } axis)
                return null;
            reduced[axis] = true;
        }
        List<Dim> shape = [];
        for (int i = 0; i < dims.Length; i++)
        {
            if (!reduced[i])
                shape.Add(dims[i]);
            else if (keeps)
                shape.Add(Dim.One);
        }
        return [.. shape];
    }

    private static void Arg(NodeContext node) =>
        node.Set(0, ElementType.Int64, Reduced(node.Shape(0), [node.Int("axis", 0)], node.Int("keepdims", 1) != 0));

    private static void TopK(NodeContext node)
    {
        Dim[]? shape = null;
        if (node.Shape(0) is { } dims && NodeContext.Axis(node.Int("axis", -1), dims.Length) is { } axis)
        {
            shape = (Dim[])dims.Clone();
            shape[axis] = node.Opset < 10 ? Dim.Of(node.Int("k", -1)) : node.Number(1) is { } k && (k.IsKnown || k.IsNonNegative) ? k : node.Unknown();
        }
        node.Set(0, node.Element(0), shape);
        node.Set(1, ElementType.Int64, shape);
    }
}
