using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Tool.Running;

namespace Cleave.Tool.Quantizing.Search;

/// <summary>How far the outputs of a rounded model are from those of the model.</summary>
/// <param name="Relative">‖q−f‖₂/‖f‖₂ of the worst output.</param>
/// <param name="Cosine">The least cosine between both.</param>
/// <param name="Top1">The least part of an output's rows in which the largest element stands at the same place.</param>
/// <param name="Output">The worst output.</param>
internal sealed record OutputError(double Relative, double Cosine, double Top1, string Output)
{
    public static OutputError Between(IReadOnlyDictionary<string, TensorCopy> expected, IReadOnlyDictionary<string, TensorCopy> actual)
    {
        OutputError worst = new(0, 1, 1, "");
        foreach ((string name, TensorCopy value) in expected)
        {
            OutputError one = actual.TryGetValue(name, out TensorCopy? other) && value.Shape.SequenceEqual(other.Shape) ? Between(name, value, other) : Lost(name);
            worst = new OutputError(
                Math.Max(worst.Relative, one.Relative), Math.Min(worst.Cosine, one.Cosine), Math.Min(worst.Top1, one.Top1), one.Relative > worst.Relative ? name : worst.Output);
        }
        return worst;
    }

    private static OutputError Lost(string name) => new(double.PositiveInfinity, -1, 0, name);

    private static OutputError Between(string name, TensorCopy expected, TensorCopy actual)
    {
        if (OutputDifference.Numbers(expected) is not { } f || OutputDifference.Numbers(actual) is not { } q)
            return expected.SameBits(actual) ? new OutputError(0, 1, 1, name) : Lost(name);
        double apart = 0, length = 0, other = 0, product = 0;
        for (int i = 0; i < f.Length; i++)
        {
            // Infinities of a mask are the same on both sides.
            if (f[i].Equals(q[i]))
                continue;
            apart += (q[i] - f[i]) * (q[i] - f[i]);
        }
        foreach ((double one, double two) in f.Zip(q).Where(static p => double.IsFinite(p.First) && double.IsFinite(p.Second)))
        {
            length += one * one;
            other += two * two;
            product += one * two;
        }
        double relative = apart == 0 ? 0 : length > 0 && double.IsFinite(apart) ? Math.Sqrt(apart / length) : double.PositiveInfinity;
        double cosine = apart == 0 ? 1 : length > 0 && other > 0 ? product / Math.Sqrt(length * other) : -1;
        return new OutputError(relative, cosine, SameTop(f, q, expected.Shape), name);
    }

    private static double SameTop(double[] one, double[] other, long[] shape)
    {
        int row = shape.Length > 0 ? (int)shape[^1] : 1, same = 0;
        if (row < 2 || one.Length == 0)
            return 1;
        for (int start = 0; start < one.Length; start += row)
        {
            if (Top(one.AsSpan(start, row)) == Top(other.AsSpan(start, row)))
                same++;
        }
        return (double)same / (one.Length / row);
    }

    private static int Top(ReadOnlySpan<double> row)
    {
        int top = 0;
        for (int i = 1; i < row.Length; i++)
        {
            if (row[i] > row[top])
                top = i;
        }
        return top;
    }
}
