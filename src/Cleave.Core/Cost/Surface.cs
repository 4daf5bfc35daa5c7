using System;

namespace Cleave.Core.Cost;

/// <summary>
/// A number over several sizes, known at some points: interpolated in the logarithms of the sizes by kriging (a mean, and from each
/// point a correction that falls with the distance, Matérn 3/2). At a point it gives that point's number; far from all, the mean.
/// </summary>
internal sealed class Surface
{
    // In powers of two: sizes this far apart still say something about each other.
    private const double Reach = 6;

    // The share of a number that is noise of its measurement; also keeps equal points solvable.
    private const double Noise = 1e-6;

    private readonly double[][] _points;
    private readonly double[] _corrections;
    private readonly double _mean;

    /// <param name="sizes">By point: its sizes, all positive.</param>
    /// <param name="values">By point: its number.</param>
    public Surface(double[][] sizes, double[] values)
    {
        _points = Array.ConvertAll(sizes, s => Array.ConvertAll(s, Log2));
        double[][] factor = Cholesky(_points);
        double[] ones = Solve(factor, Array.ConvertAll(values, _ => 1.0));
        double[] solved = Solve(factor, values);
        double sum = 0, weight = 0;
        for (int i = 0; i < values.Length; i++)
        {
            sum += solved[i];
            weight += ones[i];
        }
        _mean = sum / weight;
        _corrections = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
            _corrections[i] = solved[i] - (_mean * ones[i]);
    }

    public double At(double[] sizes)
    {
        double[] point = Array.ConvertAll(sizes, Log2);
        double value = _mean;
        for (int i = 0; i < _points.Length; i++)
            value += _corrections[i] * Likeness(_points[i], point);
        return value;
    }

    private static double Log2(double x) => Math.Log(x) / Math.Log(2);

    private static double Likeness(double[] a, double[] b)
    {
        double square = 0;
        for (int i = 0; i < a.Length; i++)
            square += (a[i] - b[i]) * (a[i] - b[i]);
        double distance = Math.Sqrt(3 * square) / Reach;
        return (1 + distance) * Math.Exp(-distance);
    }

    private static double[][] Cholesky(double[][] points)
    {
        int n = points.Length;
        double[][] factor = new double[n][];
        for (int i = 0; i < n; i++)
        {
            factor[i] = new double[i + 1];
            for (int j = 0; j <= i; j++)
            {
                double sum = Likeness(points[i], points[j]) + (i == j ? Noise : 0);
                for (int k = 0; k < j; k++)
                    sum -= factor[i][k] * factor[j][k];
                factor[i][j] = i == j ? Math.Sqrt(Math.Max(sum, Noise)) : sum / factor[j][j];
            }
        }
        return factor;
    }

    private static double[] Solve(double[][] factor, double[] right)
    {
        int n = right.Length;
        double[] x = new double[n];
        for (int i = 0; i < n; i++)
        {
            double sum = right[i];
            for (int k = 0; k < i; k++)
                sum -= factor[i][k] * x[k];
            x[i] = sum / factor[i][i];
        }
        for (int i = n - 1; i >= 0; i--)
        {
            double sum = x[i];
            for (int k = i + 1; k < n; k++)
                sum -= factor[k][i] * x[k];
            x[i] = sum / factor[i][i];
        }
        return x;
    }
}
