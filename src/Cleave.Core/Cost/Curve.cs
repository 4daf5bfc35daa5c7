using System;

namespace Cleave.Core.Cost;

/// <summary>A positive number over one size, known at some points: straight lines between them in the logarithms of both.</summary>
internal sealed class Curve
{
    private readonly double[] _sizes;
    private readonly double[] _values;

    /// <param name="sizes">Positive; in any order, each once.</param>
    /// <param name="values">By point: its number, positive.</param>
    public Curve(double[] sizes, double[] values)
    {
        _sizes = [.. sizes];
        _values = [.. values];
        Array.Sort(_sizes, _values);
    }

    /// <summary>Below the first point its number; beyond the last in proportion to the size.</summary>
    public double At(double size)
    {
        int last = _sizes.Length - 1;
        if (size <= _sizes[0])
            return _values[0];
        if (size >= _sizes[last])
            return _values[last] * size / _sizes[last];
        int next = 1;
        while (_sizes[next] < size)
            next++;
        double share = Math.Log(size / _sizes[next - 1]) / Math.Log(_sizes[next] / _sizes[next - 1]);
        return _values[next - 1] * Math.Pow(_values[next] / _values[next - 1], share);
    }
}
