using System;

namespace Cleave.Core.Shapes.Batch;

/// <summary>Products of matrices.</summary>
internal static class BatchProducts
{
    public static BatchState MatMul(BatchNode node, int output) =>
        node.OthersAreIndependent(2) ? Product(node, 0, 1, false, false) : node.Mixed("takes a scale that depends on the samples");

    public static BatchState Quantised(BatchNode node, int output)
    {
        for (int i = 0; i < node.InputCount; i++)
        {
            if (i is not (0 or 3) && node.In(i).Kind != BatchKind.Independent)
                return node.Mixed("takes a scale that depends on the samples");
        }
        return Product(node, 0, 3, false, false);
    }

    // Constant weights in blocks; a row of the input is rounded by itself.
    public static BatchState Packed(BatchNode node, int output)
    {
        if (!node.OthersAreIndependent(1) || node.Shape(0) is not { } shape)
            return node.Mixed("takes weights that depend on the samples");
        return node.In(0).IsPerSample && node.In(0).Axis < shape.Length - 1 ? node.In(0) : node.MixesAlong(node.In(0).Axis);
    }

    public static BatchState FusedMatMul(BatchNode node, int output) =>
        node.Int("transBatchA", 0) == 0 && node.Int("transBatchB", 0) == 0
            ? Product(node, 0, 1, node.Int("transA", 0) != 0, node.Int("transB", 0) != 0)
            : node.Mixed("turns the batch in a way that is not followed");

    public static BatchState Gemm(BatchNode node, int output)
    {
        if (node.Shape(0) is not { Length: 2 } || node.Shape(1) is not { Length: 2 })
            return node.Mixed("multiplies what are not known to be matrices");
        BatchState product = node.In(0).Kind == BatchKind.Independent && node.In(1).Kind == BatchKind.Independent
            ? node.Mixed("adds samples to a constant product")
            : Product(node, 0, 1, node.Int("transA", 0) != 0, node.Int("transB", 0) != 0);
        if (!product.IsPerSample || !node.Has(2))
            return product;
        BatchState added = node.In(2);
        if (node.Shape(2) is not { } shape || added.Kind == BatchKind.Sizes)
            return node.Mixed("adds what is not known");
        int fromRight = 2 - product.Axis;
        bool fits = added.IsPerSample
            ? shape.Length - added.Axis == fromRight && added.Inner!.Equals(product.Inner)
            : BatchElements.IsOne(shape, fromRight);
        return fits ? product : node.Mixed("mixes samples: it adds the batch along another axis");
    }

    // Axes are counted from the right: 1 columns, 2 rows, then those of stacks of matrices.
    private static BatchState Product(BatchNode node, int left, int right, bool turnsLeft, bool turnsRight)
    {
        BatchState a = node.In(left), b = node.In(right);
        if (node.Shape(left) is not { } ofA || node.Shape(right) is not { } ofB || a.Kind == BatchKind.Sizes || b.Kind == BatchKind.Sizes)
            return node.Mixed("multiplies what is not known");
        if (ofA.Length < 2 || ofB.Length < 2)
            return Vectors(node, a, ofA, turnsLeft, ofB);
        int placeA = Place(a, ofA.Length, turnsLeft), placeB = Place(b, ofB.Length, turnsRight);
        int rank = Math.Max(ofA.Length, ofB.Length);
        if (a.IsPerSample && b.IsPerSample)
        {
            return placeA == placeB && placeA > 2 && a.Inner!.Equals(b.Inner) ? BatchState.PerSample(rank - placeA, a.Inner!)
                : node.Mixed("mixes samples: it multiplies each with each, or sums over them");
        }
        if (a.IsPerSample)
        {
            bool isApart = placeA == 2 || (placeA > 2 && BatchElements.IsOne(ofB, placeA));
            return isApart ? BatchState.PerSample(rank - placeA, a.Inner!) : node.MixesAlong(a.Axis);
        }
        bool apart = placeB == 1 || (placeB > 2 && BatchElements.IsOne(ofA, placeB));
        return b.IsPerSample && apart ? BatchState.PerSample(rank - placeB, b.Inner!) : node.MixesAlong(b.Axis);
    }

    // A vector on the right takes the last axis away; other products of vectors are not followed.
    private static BatchState Vectors(BatchNode node, BatchState a, Dim[] ofA, bool turnsLeft, Dim[] ofB) =>
        a.IsPerSample && !turnsLeft && node.In(1).Kind == BatchKind.Independent && ofB.Length == 1 && a.Axis < ofA.Length - 1
            ? a : node.Mixed("multiplies vectors of the batch in a way that is not followed");

    private static int Place(BatchState state, int rank, bool turns)
    {
        int place = rank - state.Axis;
        return turns && place <= 2 ? 3 - place : place;
    }

    public static BatchState Einsum(BatchNode node, int output)
    {
        string equation = node.Text("equation", "").Replace(" ", "");
        int arrow = equation.IndexOf("->", StringComparison.Ordinal);
        string[] operands = (arrow < 0 ? "" : equation.Substring(0, arrow)).Split(',');
        if (arrow < 0 || equation.IndexOf('.') >= 0 || operands.Length != node.InputCount)
            return node.Mixed("has an equation that is not followed");
        char? letter = null;
        Dim? inner = null;
        for (int i = 0; i < operands.Length; i++)
        {
            BatchState state = node.In(i);
            if (state.Kind == BatchKind.Sizes)
                return node.UsesSize();
            if (!state.IsPerSample)
                continue;
            char here = state.Axis < operands[i].Length ? operands[i][state.Axis] : ' ';
            if (here == ' ' || (letter is not null && (letter != here || !inner!.Equals(state.Inner))) || operands[i].IndexOf(here) != operands[i].LastIndexOf(here))
                return node.Mixed("mixes samples: it sets the batch against another axis");
            (letter, inner) = (here, state.Inner);
        }
        if (letter is not { } batch)
            return node.Mixed("takes nothing that is given for each sample");
        for (int i = 0; i < operands.Length; i++)
        {
            if (!node.In(i).IsPerSample && operands[i].IndexOf(batch) >= 0)
                return node.Mixed("sets the batch against an axis of a constant");
        }
        int axis = equation.IndexOf(batch, arrow + 2) - arrow - 2;
        return axis >= 0 ? BatchState.PerSample(axis, inner!) : node.Mixed("mixes samples: it sums over the batch");
    }
}
