using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Shapes;

namespace Cleave.Tool.Rewriting;

/// <summary>The literal shape of a Reshape, where its data has a batch that was fixed when the shape was written.</summary>
/// <param name="from">The data's shape, with the batch in it.</param>
/// <param name="batch">The name of the batch.</param>
/// <param name="size">What it was fixed to.</param>
/// <param name="zeroIsZero">Whether a 0 is no copied dimension.</param>
internal sealed class BatchReshape(Dim[] from, string batch, long size, bool zeroIsZero)
{
    private readonly int _axis = Array.FindIndex(from, d => d.Has(batch));

    /// <summary>The shape with which samples stay apart; null where the given one keeps the batch as it is, or none does better.</summary>
    public long[]? Adapted(long[] shape) =>
        _axis < 0 || (Keeps(shape) && Result(shape)!.Contains(from[_axis])) ? null : Candidates(shape).FirstOrDefault(c => Keeps(c) && IsSame(c, shape));

    // One literal gives way: the batch is copied from the data, or is what is left.
    private IEnumerable<long[]> Candidates(long[] shape)
    {
        if (_axis < shape.Length && shape[_axis] > 0 && !zeroIsZero)
            yield return With(shape, _axis, 0);
        for (int i = 0; i < shape.Length && !shape.Contains(-1); i++)
        {
            if (shape[i] > 0)
                yield return With(shape, i, -1);
        }
    }

    // With the batch as it was, the result is what it was.
    private bool IsSame(long[] changed, long[] shape) => Result(changed) is { } to
        && shape.Select((s, i) => s == changed[i] || to[i].Evaluate(d => d == batch ? size : null) == s).All(same => same);

    private static long[] With(long[] shape, int axis, long value)
    {
        long[] changed = [.. shape];
        changed[axis] = value;
        return changed;
    }

    private bool Keeps(long[] shape)
    {
        if (Result(shape) is not { } to)
            return false;
        int axis = Array.FindIndex(to, d => d.Has(batch));
        return axis >= 0 && axis == Array.FindLastIndex(to, d => d.Has(batch))
            && Product(from, _axis) is { } before && before.Equals(Product(to, axis))
            && Dim.ExactDivide(to[axis], Dim.Named(batch)) is { } inner && !inner.Has(batch);
    }

    private Dim[]? Result(long[] shape)
    {
        Dim[] to = new Dim[shape.Length];
        Dim? known = Dim.One;
        for (int i = 0; i < shape.Length; i++)
        {
            if (shape[i] == 0 && !zeroIsZero && i >= from.Length)
                return null;
            to[i] = shape[i] == 0 && !zeroIsZero ? from[i] : Dim.Of(shape[i]);
            known = shape[i] == -1 || known is null ? known : known * to[i];
        }
        int open = Array.IndexOf(shape, -1L);
        if (known is null || Product(from, from.Length) is not { } all)
            return null;
        if (open < 0)
            return known.Equals(all) ? to : null;
        if (Dim.ExactDivide(all, known) is not { } rest)
            return null;
        to[open] = rest;
        return to;
    }

    private static Dim? Product(Dim[] dims, int count)
    {
        Dim? product = Dim.One;
        for (int i = 0; i < count && product is not null; i++)
            product *= dims[i];
        return product;
    }
}
