namespace Cleave.Core.Shapes.Batch;

/// <summary>Operators that work along axes: they keep samples apart where none of these is the batch.</summary>
internal static class BatchAxes
{
    /// <summary>An operator that works along one axis and leaves the others; inputs behind the first are parameters.</summary>
    public static BatchState Along(BatchNode node, long axis, int parameters = -1)
    {
        BatchState state = node.In(0);
        if (!state.IsPerSample || node.Shape(0) is not { } shape || NodeContext.Axis(axis, shape.Length) is not { } at)
            return node.Mixed("works along an axis that is not known");
        if (parameters < 0 && !node.OthersAreIndependent(1))
            return node.Mixed("takes a parameter that depends on the samples");
        return at == state.Axis ? node.MixesAlong(at) : state;
    }

    // Before operator set 13 all axes from the given one on were one.
    public static BatchState Softmax(BatchNode node, int output) =>
        node.Opset >= 13 ? Along(node, node.Int("axis", -1)) : Before(node, node.Int("axis", 1));

    public static BatchState LayerNormalization(BatchNode node, int output) => Before(node, node.Int("axis", -1));

    // Along all axes from one on.
    private static BatchState Before(BatchNode node, long axis)
    {
        BatchState state = node.In(0);
        if (!state.IsPerSample || node.Shape(0) is not { } shape || NodeContext.Axis(axis, shape.Length) is not { } first || !node.OthersAreIndependent(1))
            return node.Mixed("works along an axis that is not known, or with parameters that depend on the samples");
        // A factor and an offset are broadcast.
        for (int i = 1; i < node.InputCount; i++)
        {
            if (node.Has(i) && !(node.Shape(i) is { } parameter && BatchElements.IsOne(parameter, shape.Length - state.Axis)))
                return node.Mixed("takes a parameter that has a number for each sample, or an unknown shape");
        }
        return state.Axis < first ? state : node.MixesAlong(state.Axis);
    }

    public static BatchState SkipNormalization(BatchNode node, int output)
    {
        if (!node.OthersAreIndependent(2))
            return node.Mixed("takes a parameter that depends on the samples");
        BatchState sum = BatchElements.Join(node, 0, 1);
        return sum.IsPerSample && node.Shape(0) is { } shape && sum.Axis >= shape.Length - 1 ? node.MixesAlong(sum.Axis) : sum;
    }

    public static BatchState Reduce(BatchNode node, int output)
    {
        if (node.Has(1) && node.Numbers(1) is null)
            return node.Mixed("reduces axes that are not known");
        long[]? axes = node.Axes();
        if (axes is null or { Length: 0 })
            return node.Int("noop_with_empty_axes", 0) != 0 && node.In(0).IsPerSample ? node.In(0) : node.Mixed("mixes samples: it reduces all axes");
        return Reduce(node, axes);
    }

    public static BatchState ReduceOne(BatchNode node, int output) => Reduce(node, [node.Int("axis", 0)]);

    private static BatchState Reduce(BatchNode node, long[] axes)
    {
        BatchState state = node.In(0);
        if (!state.IsPerSample || node.Shape(0) is not { } shape)
            return node.Mixed("reduces what is not known");
        int before = 0;
        foreach (long given in axes)
        {
            if (NodeContext.Axis(given, shape.Length) is not { } axis)
                return node.Mixed("reduces an axis that is not there");
            if (axis == state.Axis)
                return node.MixesAlong(axis);
            before += axis < state.Axis ? 1 : 0;
        }
        return node.Int("keepdims", 1) != 0 ? state : state with { Axis = state.Axis - before };
    }

    // Sequence, batch, features; or, with layout 1, the batch first.
    public static BatchState Recurrent(BatchNode node, int output)
    {
        bool isBatchFirst = node.Int("layout", 0) != 0;
        int axis = isBatchFirst ? 0 : 1;
        BatchState x = node.In(0);
        if (!x.IsPerSample)
            return node.Mixed("takes a state that depends on the samples, but a sequence that does not");
        if (x.Axis != axis)
            return node.Mixed("mixes samples: it steps along axis " + x.Axis + ", which is the batch");
        for (int i = 1; i < node.InputCount; i++)
        {
            // Lengths and first states are given for each sample.
            int? place = i == 4 ? 0 : i is 5 or 6 ? axis : null;
            BatchState state = node.In(i);
            bool fits = place is null || !node.Has(i) ? state.Kind == BatchKind.Independent
                : state.IsPerSample && state.Axis == place && state.Inner!.Equals(x.Inner);
            if (!fits)
                return node.Mixed("takes an input that is not given for each sample");
        }
        return BatchState.PerSample(isBatchFirst ? 0 : output == 0 ? 2 : 1, x.Inner!);
    }
}
