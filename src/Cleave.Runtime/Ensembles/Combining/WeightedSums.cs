using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Cleave.Ensembles.Combining;

/// <summary>
/// Sums of the members' outputs by their weights, in double. One double has 29 bits more than a float: as many members as anybody has add up without a rounding that a float
/// would show. The first member's output is stored and the last one's divided at once, row by row: sums of many samples are far from the core, and each way there costs more
/// than the arithmetic.
/// </summary>
internal sealed class WeightedSums<T>(double[] weights, int members)
    where T : unmanaged, INumberBase<T>
{
    private double[] _sums = [];
    // By row, how many members have added theirs.
    private ushort[] _added = [];
    private int _width;

    /// <summary>What a sum is divided by.</summary>
    private readonly double _total = weights.Length == 0 ? members : Sum(weights);

    public long ByteLength => (long)sizeof(double) * _sums.Length + (long)sizeof(ushort) * _added.Length;

    /// <summary>Begins a request whose outputs have this shape; rows are along its first axis.</summary>
    public void Begin(ReadOnlySpan<int> shape)
    {
        int length = 1;
        foreach (int size in shape)
            length = checked(length * size);
        int rows = shape.Length == 0 ? 1 : shape[0];
        if (_sums.Length < length)
            _sums = GC.AllocateUninitializedArray<double>(length);
        if (_added.Length < rows)
            _added = new ushort[rows];
        else
            Array.Clear(_added, 0, rows);
        _width = rows == 0 ? 0 : length / rows;
    }

    /// <summary>Adds rows of a member, each once.</summary>
    /// <param name="member">Which.</param>
    /// <param name="output">Whole rows.</param>
    /// <param name="at">Their first element's place.</param>
    /// <param name="means">Where means are written of rows that all members have added; empty: nowhere, the sums are kept.</param>
    public void Add(int member, ReadOnlySpan<T> output, int at, Span<T> means)
    {
        if (output.IsEmpty)
            return;
        double weight = weights.Length == 0 ? 1 : weights[member];
        int first = at / _width, end = first + (output.Length / _width);
        for (int row = first, next; row < end; row = next)
        {
            ushort before = _added[row];
            int alike = _added.AsSpan(row, end - row).IndexOfAnyExcept(before);
            next = alike < 0 ? end : row + alike;
            _added.AsSpan(row, next - row).Fill((ushort)(before + 1));
            int start = row * _width;
            ReadOnlySpan<T> values = output.Slice(start - at, (next - row) * _width);
            Span<double> sums = _sums.AsSpan(start, values.Length);
            bool isLast = before + 1 == members && !means.IsEmpty;
            if (isLast && members > 1)
                Close(sums, values, weight, means.Slice(start, values.Length));
            else if (before > 0)
                AddTo(sums, values, weight);
            else
                Store(sums, values, weight);
            if (isLast && members == 1)
                Divide(sums, means.Slice(start, values.Length));
        }
    }

    public T Mean(int at) => T.CreateTruncating(_sums[at] / _total);

    private static void Store(Span<double> sums, ReadOnlySpan<T> values, double weight)
    {
        int done = 0;
        if (Vectors(values, out ReadOnlySpan<float> floats))
        {
            Vector<double> weights = new(weight);
            for (; done <= floats.Length - Vector<float>.Count; done += Vector<float>.Count)
            {
                Vector.Widen(new Vector<float>(floats[done..]), out Vector<double> low, out Vector<double> high);
                (weights * low).CopyTo(sums[done..]);
                (weights * high).CopyTo(sums[(done + Vector<double>.Count)..]);
            }
        }
        for (; done < values.Length; done++)
            sums[done] = weight * double.CreateTruncating(values[done]);
    }

    private static void AddTo(Span<double> sums, ReadOnlySpan<T> values, double weight)
    {
        int done = 0;
        if (Vectors(values, out ReadOnlySpan<float> floats))
        {
            Vector<double> weights = new(weight);
            int half = Vector<double>.Count;
            for (; done <= floats.Length - Vector<float>.Count; done += Vector<float>.Count)
            {
                Vector.Widen(new Vector<float>(floats[done..]), out Vector<double> low, out Vector<double> high);
                Span<double> to = sums[done..];
                (new Vector<double>(to) + weights * low).CopyTo(to);
                (new Vector<double>(to[half..]) + weights * high).CopyTo(to[half..]);
            }
        }
        for (; done < values.Length; done++)
            sums[done] += weight * double.CreateTruncating(values[done]);
    }

    private void Close(ReadOnlySpan<double> sums, ReadOnlySpan<T> values, double weight, Span<T> means)
    {
        int done = 0;
        if (Vectors(values, out ReadOnlySpan<float> floats))
        {
            Span<float> to = MemoryMarshal.Cast<T, float>(means);
            Vector<double> weights = new(weight), total = new(_total);
            int half = Vector<double>.Count;
            for (; done <= floats.Length - Vector<float>.Count; done += Vector<float>.Count)
            {
                Vector.Widen(new Vector<float>(floats[done..]), out Vector<double> low, out Vector<double> high);
                ReadOnlySpan<double> from = sums[done..];
                Vector.Narrow((new Vector<double>(from) + weights * low) / total, (new Vector<double>(from[half..]) + weights * high) / total).CopyTo(to[done..]);
            }
        }
        for (; done < values.Length; done++)
            means[done] = T.CreateTruncating((sums[done] + weight * double.CreateTruncating(values[done])) / _total);
    }

    private void Divide(ReadOnlySpan<double> sums, Span<T> means)
    {
        for (int i = 0; i < means.Length; i++)
            means[i] = T.CreateTruncating(sums[i] / _total);
    }

    // As many as fill vectors; the same numbers as one by one.
    private static bool Vectors(ReadOnlySpan<T> values, out ReadOnlySpan<float> floats)
    {
        floats = typeof(T) == typeof(float) ? MemoryMarshal.Cast<T, float>(values) : default;
        return typeof(T) == typeof(float) && Vector.IsHardwareAccelerated;
    }

    private static double Sum(double[] weights)
    {
        double sum = 0;
        foreach (double weight in weights)
            sum += weight;
        return sum;
    }
}
