using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Cost;

namespace Cleave.Core.Parts;

/// <summary>
/// What calls of a model take over their dimensions, from some that were predicted: over the elements of a sample, which stand for all dimensions but the batch, and
/// over samples, by straight lines in logarithms. Below the smallest call, its time; beyond the largest, in proportion. Immutable.
/// </summary>
internal sealed class CallTimes
{
    // Where nothing is predicted: this part of the work is shared among threads.
    private const double AssumedShared = 0.9;

    private static readonly int[] AssumedCounts = [1, 2, 4, 8, 16];

    private readonly int[] _counts;
    private readonly double[] _elements;
    // By row of elements, then by thread count: over samples.
    private readonly Curve[][] _rows;

    /// <param name="counts">Thread counts, rising from 1.</param>
    /// <param name="calls">At least one.</param>
    public CallTimes(int[] counts, IReadOnlyList<PredictedCall> calls)
    {
        _counts = counts;
        IGrouping<long, PredictedCall>[] rows = [.. calls.GroupBy(c => c.Elements).OrderBy(g => g.Key)];
        _elements = Array.ConvertAll(rows, r => (double)Math.Max(1, r.Key));
        _rows = Array.ConvertAll(rows, r => Curves([.. r]));
    }

    /// <summary>By the number of elements alone, as if nearly all of the work were shared among threads: what is known without a prediction.</summary>
    public static CallTimes BySize { get; } = new(AssumedCounts, [new PredictedCall(1, 1, Array.ConvertAll(AssumedCounts, static c => 1 - AssumedShared + (AssumedShared / c)))]);

    /// <summary>What a call of so many samples takes.</summary>
    /// <param name="elements">Elements of one of them.</param>
    /// <param name="samples">How many.</param>
    public PartTimes Of(long elements, int samples)
    {
        double[] times = new double[_counts.Length];
        for (int c = 0; c < times.Length; c++)
            times[c] = new Curve(_elements, Array.ConvertAll(_rows, row => row[c].At(Math.Max(1, samples)))).At(Math.Max(1, elements));
        return new PartTimes(_counts, times);
    }

    private Curve[] Curves(PredictedCall[] calls)
    {
        double[] samples = Array.ConvertAll(calls, c => (double)c.Samples);
        Curve[] curves = new Curve[_counts.Length];
        for (int c = 0; c < curves.Length; c++)
            curves[c] = new Curve(samples, Array.ConvertAll(calls, call => call.Microseconds[c]));
        return curves;
    }
}
