using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Passes;
using Cleave.Core.Shapes.Batch;

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

    // Where so few samples gain nothing, more do not either.
    private const int Few = 4;
    private const double Little = 1.05;

    // With less known of a model, a prediction is a guess.
    private const double LeastKnown = 0.9;

    private static readonly int[] Sizes = [1, 2, 4, 8, 16, 32];

    // Requests come in other sizes than the planned ones: shorter ones gain more.
    private static readonly double[] Scales = [1.0 / 16, 1.0 / 4, 1, 4];

    /// <summary>By rising elements, as far as batches pay.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="proof">Its batch axis.</param>
    /// <param name="inputs">What a request gives.</param>
    /// <param name="planned">The sizes that it is planned for, by dimension.</param>
    /// <param name="model">The device.</param>
    public static IReadOnlyList<PredictedBatch> Find(PlanGraph graph, BatchProof proof, IReadOnlyList<string> inputs, IReadOnlyDictionary<string, long> planned, CostModel model)
    {
        bool isOpen = planned.Keys.Any(name => name != proof.Dimension);
        SortedDictionary<long, PredictedBatch> found = [];
        foreach (double scale in isOpen ? Scales : [1.0])
        {
            Dictionary<string, long> sizes = planned.ToDictionary(s => s.Key, s => Math.Max(1, (long)(s.Value * scale)), StringComparer.Ordinal);
            if (Predict(graph, proof.Dimension!, inputs, sizes, model) is not { } batch)
                continue;
            if (batch.Gain < LeastGain)
                break;
            found[batch.Elements] = batch;
        }
        return [.. found.Values];
    }

    // Null where the sizes of too much are not known.
    private static PredictedBatch? Predict(PlanGraph graph, string dimension, IReadOnlyList<string> inputs, Dictionary<string, long> sizes, CostModel model)
    {
        double[] each = new double[Sizes.Length];
        long elements = 0;
        for (int i = 0; i < each.Length; i++)
        {
            sizes[dimension] = Sizes[i];
            SizedGraph sized = new(graph, sizes);
            if (i == 0 && (sized.KnownPart() < LeastKnown || (elements = (long)inputs.Sum(input => NodeSizes.Count(sized.Shape(input)))) <= 0))
                return null;
            each[i] = new GraphCost(sized, model).Whole(1) / Sizes[i];
            if (!(each[i] > 0) || double.IsInfinity(each[i]))
                return null;
            if (Sizes[i] == Few && each.Take(i + 1).Min() * Little > each[0])
                return new PredictedBatch(elements, 1, 1);
        }
        double best = each.Min();
        int chosen = Array.FindLastIndex(each, t => t <= best * AsGood);
        return new PredictedBatch(elements, Sizes[chosen], each[0] / each[chosen]);
    }
}
