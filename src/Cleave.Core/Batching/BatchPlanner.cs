using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Parts;

namespace Cleave.Core.Batching;

/// <summary>What batches of samples of up to so many elements are predicted to gain.</summary>
/// <param name="Elements">Elements of all inputs of one sample.</param>
/// <param name="Size">The samples of a batch, beyond which little more is gained.</param>
/// <param name="Gain">How many times as many samples go through in batches of that size as one by one.</param>
internal sealed record PredictedBatch(long Elements, int Size, double Gain);

/// <summary>
/// Finds the batches that pay for requests of one sample each that wait at the same time. Each of them would have a core for itself, so one thread is compared with
/// one thread. What is gained is that kernels with few rows get more (the weights are read once for all of them), and that a call costs its overhead once.
/// </summary>
internal static class BatchPlanner
{
    /// <summary>What batches must be predicted to gain.</summary>
    public const double LeastGain = 1.1;

    // The largest that is as good as the best, as far as predictions tell: only what waits is taken, and in larger batches it is over as soon with fewer calls.
    private const double AsGood = 1 + PlanOptions.Margin;

    // Requests come in other sizes than the planned ones: shorter ones gain more.
    private static readonly double[] Scales = [1.0 / 16, 1.0 / 4, 1, 4];

    /// <summary>By rising elements, as far as batches pay.</summary>
    /// <param name="table">What calls of the model are predicted to take, in batches.</param>
    public static IReadOnlyList<PredictedBatch> Find(IReadOnlyList<PredictedRow> table)
    {
        SortedDictionary<long, PredictedBatch> found = [];
        foreach (PredictedRow row in table)
        {
            if (row.Elements <= 0 || Array.IndexOf(Scales, row.Scale) < 0)
                continue;
            PredictedBatch batch = Best(row);
            if (batch.Gain < LeastGain)
                break;
            found[batch.Elements] = batch;
        }
        return [.. found.Values];
    }

    private static PredictedBatch Best(PredictedRow row)
    {
        // Where a few samples gain nothing, more are not predicted.
        if (!row.IsComplete)
            return new PredictedBatch(row.Elements, 1, 1);
        double[] each = [.. row.Calls.Select(c => c.Microseconds[0] / c.Samples)];
        double best = each.Min();
        int chosen = Array.FindLastIndex(each, t => t <= best * AsGood);
        return new PredictedBatch(row.Elements, row.Calls[chosen].Samples, each[0] / each[chosen]);
    }
}
