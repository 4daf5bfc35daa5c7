using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Cleave.Ensembles.Combining;

/// <summary>Sums of the members' outputs by their weights, in double. One double has 29 bits more than a float: as many members as anybody has add up without a rounding that a float would show.</summary>
internal sealed class WeightedSums<T>(double[] weights, int members)
    where T : unmanaged, INumberBase<T>
{
    private double[] _sums = [];

    public int Length { get; private set; }

    /// <summary>What a sum is divided by.</summary>
    private readonly double _total = weights.Length == 0 ? members : Sum(weights);

    public void Begin(int length)
    {
        if (_sums.Length < length)
            _sums = new double[length];
        else
            Array.Clear(_sums, 0, length);
        Length = length;
    }

    public void Add(int member, ReadOnlySpan<T> output, int at)
    {
        Span<double> sums = _sums.AsSpan(at, output.Length);
        double weight = weights.Length == 0 ? 1 : weights[member];
        if (typeof(T) == typeof(float))
        {
            AddFloats(sums, MemoryMarshal.Cast<T, float>(output), weight);
            return;
        }
        for (int i = 0; i < sums.Length; i++)
            sums[i] += weight * double.CreateTruncating(output[i]);
    }

    /// <summary>The means, in the elements' type.</summary>
    public void Write(Span<T> means)
    {
        int done = typeof(T) == typeof(float) ? WriteFloats(MemoryMarshal.Cast<T, float>(means)) : 0;
        for (int i = done; i < means.Length; i++)
            means[i] = Mean(i);
    }

    public T Mean(int at) => T.CreateTruncating(_sums[at] / _total);

    // As many as fill vectors; the same numbers as one by one.
    private int WriteFloats(Span<float> means)
    {
        int done = 0;
        if (!Vector.IsHardwareAccelerated)
            return done;
        Vector<double> total = new(_total);
        for (; done <= means.Length - Vector<float>.Count; done += Vector<float>.Count)
        {
            ReadOnlySpan<double> sums = _sums.AsSpan(done);
            Vector.Narrow(new Vector<double>(sums) / total, new Vector<double>(sums[Vector<double>.Count..]) / total).CopyTo(means[done..]);
        }
        return done;
    }

    private static void AddFloats(Span<double> sums, ReadOnlySpan<float> output, double weight)
    {
        int done = 0;
        if (Vector.IsHardwareAccelerated)
        {
            Vector<double> weights = new(weight);
            int half = Vector<double>.Count;
            for (; done <= output.Length - Vector<float>.Count; done += Vector<float>.Count)
            {
                Vector.Widen(new Vector<float>(output[done..]), out Vector<double> low, out Vector<double> high);
                Span<double> to = sums[done..];
                (new Vector<double>(to) + weights * low).CopyTo(to);
                (new Vector<double>(to[half..]) + weights * high).CopyTo(to[half..]);
            }
        }
        for (; done < output.Length; done++)
            sums[done] += weight * output[done];
    }

    private static double Sum(double[] weights)
    {
        double sum = 0;
        foreach (double weight in weights)
            sum += weight;
        return sum;
    }
}
