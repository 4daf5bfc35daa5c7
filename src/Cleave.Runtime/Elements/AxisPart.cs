using System;

namespace Cleave.Elements;

/// <summary>Some places of a tensor along one axis.</summary>
/// <param name="Outer">How many times the axis is gone through: the product of the dimensions before it.</param>
/// <param name="Inner">Elements of one place: the product of the dimensions behind it.</param>
/// <param name="All">The places of the whole tensor.</param>
/// <param name="At">The first of them.</param>
/// <param name="Count">How many of them.</param>
internal readonly record struct AxisPart(int Outer, int Inner, int All, int At, int Count)
{
    /// <summary>The number of elements.</summary>
    public int Length => Outer * Inner * Count;

    public static AxisPart Of(ReadOnlySpan<int> shape, int axis, int at, int count)
    {
        int outer = 1, inner = 1;
        foreach (int size in shape[..axis])
            outer *= size;
        foreach (int size in shape[(axis + 1)..])
            inner *= size;
        return new AxisPart(outer, inner, shape[axis], at, count);
    }

    /// <summary>Copies the part to its place.</summary>
    public void Put<T>(ReadOnlySpan<T> part, Span<T> whole)
    {
        int run = Inner * Count;
        for (int i = 0; i < Outer; i++)
            part.Slice(i * run, run).CopyTo(whole[Start(i)..]);
    }

    /// <summary>Copies the part out.</summary>
    public void Cut<T>(ReadOnlySpan<T> whole, Span<T> part)
    {
        int run = Inner * Count;
        for (int i = 0; i < Outer; i++)
            whole.Slice(Start(i), run).CopyTo(part[(i * run)..]);
    }

    private int Start(int round) => ((round * All) + At) * Inner;
}
