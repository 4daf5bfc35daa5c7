using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Passes;

namespace Cleave.Core.Parts;

/// <summary>
/// Predicts what calls take over a model's open dimensions, as few of them as describe the rest. All dimensions but the batch grow together: the elements of a
/// sample stand for them.
/// </summary>
internal static class CallPredictor
{
    // Where so few samples gain less, more do not gain either: then they take as long together as one by one; on several threads, which share out larger work
    // better, as so few of them.
    private const int Few = 4;
    private const double Little = 1.05;

    // A call that the others predict so nearly is left out.
    private const double Near = 1.03;

    private const double Digits = 1000;

    private static readonly int[] Samples = [1, 2, 4, 8, 16, 32];

    // Of the planned sizes.
    private static readonly double[] Scales = [1.0 / 32, 1.0 / 16, 1.0 / 8, 1.0 / 4, 1.0 / 2, 1, 2, 4];

    /// <summary>The thread counts that are predicted.</summary>
    public static int[] Counts { get; } = [1, 2, 4, 8, 16];

    /// <summary>Everything that is predicted, by rising sizes; nothing where too little is known. Other sizes than the planned ones may be none for the model: those are left out.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="batch">Its batch axis; null where none is proven.</param>
    /// <param name="inputs">What a call gives.</param>
    /// <param name="planned">The sizes that it is planned for, by dimension.</param>
    /// <param name="model">The device.</param>
    public static IReadOnlyList<PredictedRow> Table(PlanGraph graph, string? batch, IReadOnlyList<string> inputs, IReadOnlyDictionary<string, long> planned, CostModel model)
    {
        List<PredictedRow> rows = [];
        foreach (double scale in planned.Keys.Any(name => name != batch) ? Scales : [1.0])
        {
            Dictionary<string, long> sizes = planned.ToDictionary(s => s.Key, s => Math.Max(1, (long)(s.Value * scale)), StringComparer.Ordinal);
            if (Row(graph, batch, inputs, sizes, scale, model) is { } row)
                rows.Add(row);
            else if (scale == 1)
                return [];
        }
        return rows;
    }

    /// <summary>As few calls as describe the table, by rising elements and samples: what lies where the others would put it is left out.</summary>
    public static IReadOnlyList<PredictedCall> Thin(IReadOnlyList<PredictedRow> table)
    {
        SortedDictionary<long, PredictedCall[]> bySize = [];
        foreach (PredictedRow row in table)
            bySize[row.Elements] = [.. row.Calls.Select(c => c with { Microseconds = Array.ConvertAll(c.Microseconds, Rounded) })];
        List<PredictedCall[]> kept = [.. bySize.Values.Select(row => (PredictedCall[])[.. Without(row, others => others)])];
        return [.. Without(kept, others => [.. others.SelectMany(row => row)]).SelectMany(row => row)];

        List<T> Without<T>(IReadOnlyList<T> all, Func<List<T>, IReadOnlyList<PredictedCall>> calls)
        {
            List<T> left = [.. all];
            for (int i = left.Count - 2; i > 0; i--)
            {
                List<T> others = [.. left];
                others.RemoveAt(i);
                CallTimes times = new(Counts, calls(others));
                if (calls([.. all]).All(call => IsNear(times.Of(call.Elements, call.Samples), call)))
                    left = others;
            }
            return left;
        }
    }

    private static bool IsNear(PartTimes times, PredictedCall call)
    {
        for (int c = 0; c < Counts.Length; c++)
        {
            double ratio = times.At(Counts[c]) / call.Microseconds[c];
            if (ratio is < 1 / Near or > Near)
                return false;
        }
        return true;
    }

    // Null where too little is known.
    private static PredictedRow? Row(PlanGraph graph, string? batch, IReadOnlyList<string> inputs, Dictionary<string, long> sizes, double scale, CostModel model)
    {
        List<PredictedCall> row = [];
        foreach (int samples in batch is null ? [1] : Samples)
        {
            if (batch is not null)
                sizes[batch] = samples;
            SizedGraph sized = new(graph, sizes);
            double elements = inputs.Sum(input => NodeSizes.Count(sized.Shape(input)));
            if (row.Count == 0 && (sized.KnownPart() < Planner.LeastKnown || !(elements >= 0)))
                return null;
            double[] times = Array.ConvertAll(new GraphCost(sized, model).Whole(Counts), t => t / 1e3);
            if (!Array.TrueForAll(times, t => t > 0 && !double.IsInfinity(t)))
                return null;
            row.Add(new PredictedCall(row.Count == 0 ? (long)elements : row[0].Elements, samples, times));
            if (samples == Few && !Gains(row, 0))
                return new PredictedRow(scale, Enumerable.Range(0, Counts.Length).Any(count => Gains(row, count)) ? [.. row] : [row[0]], IsComplete: false);
        }
        return new PredictedRow(scale, [.. row], IsComplete: true);
    }

    private static bool Gains(List<PredictedCall> row, int count) => row.Min(c => c.Microseconds[count] / c.Samples) * Little <= row[0].Microseconds[count];

    // More digits are not known, and would differ between processors.
    private static double Rounded(double time)
    {
        double unit = Math.Pow(10, Math.Floor(Math.Log10(time))) * 10 / Digits;
        return Math.Round(time / unit) * unit;
    }
}
