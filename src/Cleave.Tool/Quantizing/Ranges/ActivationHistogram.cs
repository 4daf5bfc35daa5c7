using System;

namespace Cleave.Tool.Quantizing.Ranges;

/// <summary>How often which numbers occur in a value, over the inputs that a model is calibrated on.</summary>
internal sealed class ActivationHistogram
{
    private const int Bins = 2048;
    // Of all elements, at both ends together.
    private const double CutShare = 1e-4;
    private const int Shrinks = 50;

    private readonly long[] _counts = new long[Bins];
    private float _low;
    private float _high;
    private bool _isFinite = true;

    /// <summary>Whether a scale can be found.</summary>
    public bool IsUsable => _isFinite;

    /// <summary>First of all values: where they lie.</summary>
    public void Widen(ReadOnlySpan<float> values)
    {
        foreach (float value in values)
        {
            _isFinite &= float.IsFinite(value);
            _low = Math.Min(_low, value);
            _high = Math.Max(_high, value);
        }
    }

    /// <summary>Then once more: how often.</summary>
    public void Count(ReadOnlySpan<float> values)
    {
        if (!_isFinite || _high <= _low)
            return;
        float step = (_high - _low) / Bins;
        foreach (float value in values)
            _counts[Math.Clamp((int)((value - _low) / step), 0, Bins - 1)]++;
    }

    public ActivationRange Range(RangeMethod method) => method switch
    {
        RangeMethod.MinMax => new(_low, _high),
        RangeMethod.Percentile => Percentile(),
        _ => LeastSquares(),
    };

    private float Edge(int bin) => _low + ((_high - _low) * bin / Bins);

    private ActivationRange Percentile()
    {
        long all = 0;
        foreach (long count in _counts)
            all += count;
        long cut = (long)(all * CutShare / 2), below = 0, above = 0;
        int first = 0, last = Bins;
        // What lies around 0 is never cut.
        while (first < Bins && Edge(first + 1) < 0 && (below += _counts[first]) <= cut)
            first++;
        while (last > 0 && Edge(last - 1) > 0 && (above += _counts[last - 1]) <= cut)
            last--;
        return new(Math.Min(0, Edge(first)), Math.Max(0, Edge(last)));
    }

    // The part of the whole range that gives the least mean squared error: rounding inside it, cutting outside.
    private ActivationRange LeastSquares()
    {
        ActivationRange best = new(_low, _high);
        double least = double.PositiveInfinity;
        for (int shrink = 0; shrink < Shrinks; shrink++)
        {
            float part = 1 - (shrink / (float)Shrinks * 0.9f);
            ActivationRange range = new(_low * part, _high * part);
            double error = SquaredError(range);
            if (error < least)
                (best, least) = (range, error);
        }
        return best;
    }

    private double SquaredError(ActivationRange range)
    {
        double rounding = (double)range.Scale * range.Scale / 12, sum = 0;
        for (int bin = 0; bin < Bins; bin++)
        {
            if (_counts[bin] == 0)
                continue;
            double middle = (Edge(bin) + Edge(bin + 1)) / 2, outside = Math.Max(0, Math.Max(range.Low - middle, middle - range.High));
            sum += _counts[bin] * (outside > 0 ? outside * outside : rounding);
        }
        return sum;
    }
}
