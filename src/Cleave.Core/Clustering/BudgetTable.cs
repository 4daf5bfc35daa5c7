using System;
using System.Collections.Generic;
using System.Threading;
using Cleave.Core.Schedule;

namespace Cleave.Core.Clustering;

/// <summary>Whether a model is split.</summary>
internal enum PlanMode
{
    /// <summary>Where the predicted gain is above the margin of error.</summary>
    Auto,

    /// <summary>Never.</summary>
    Whole,

    /// <summary>Wherever there is something to split and more than one core.</summary>
    Split,
}

/// <summary>What planning is asked for.</summary>
internal sealed record PlanOptions
{
    /// <summary>
    /// By what part a split must be predicted to be faster than the best session for the whole model: below it, the prediction could be wrong
    /// about which is faster.
    /// </summary>
    public const double Margin = 0.15;

    /// <summary>From so many bytes of weights on, whatever needs a second session must gain <see cref="LeastOfLarge"/>.</summary>
    public const long LargeWeights = 20L << 20;

    /// <summary>
    /// How many times as fast as one thread several must be where weights are large: requests that meet need a session of one thread beside theirs, which has all weights once more. So
    /// they do beside a split, whose own sessions share the weights out among them.
    /// </summary>
    public const double LeastOfLarge = 1.2;

    /// <summary>The core counts that are planned for where nothing else is asked.</summary>
    public static readonly IReadOnlyList<int> AllCores = [1, 2, 3, 4, 6, 8, 12, 16, 32, 64];

    /// <summary>The core counts that are planned for, rising.</summary>
    public IReadOnlyList<int> Cores { get; init; } = AllCores;

    public PlanMode Mode { get; init; }

    /// <summary>Ends planning with an <see cref="OperationCanceledException"/>.</summary>
    public CancellationToken Cancellation { get; init; }
}

/// <summary>A plan with threads, and how it is predicted to run.</summary>
/// <param name="Plan">What the lanes do.</param>
/// <param name="Threads">By lane.</param>
/// <param name="Segments">By segment: nanoseconds.</param>
/// <param name="Prediction">When each runs.</param>
internal sealed record PlannedRun(ExecutionPlan Plan, int[] Threads, double[] Segments, Prediction Prediction)
{
    public double Nanoseconds => Prediction.Makespan;

    /// <summary>The model as its segments have it; null where that is the model as it is.</summary>
    public RewrittenGraph? Rewritten { get; init; }
}

/// <summary>The best split that was found for a number of cores.</summary>
/// <param name="Nanoseconds">Predicted: with the reorderings at its borders where there is a run, without them where there is none.</param>
/// <param name="Threads">By lane.</param>
/// <param name="Segments">How many.</param>
/// <param name="Run">Null where it was seen early that it is not worth it.</param>
internal sealed record FoundSplit(double Nanoseconds, int[] Threads, int Segments, PlannedRun? Run);

/// <summary>What is done where a process has so many cores.</summary>
/// <param name="Cores">So many, and fewer than the next row's.</param>
/// <param name="Chosen">What is done.</param>
/// <param name="Whole">The session for the whole model that is the best one: more threads must gain more than a little.</param>
/// <param name="Split">The best split that was found; null where there is nothing to split, or none was looked for.</param>
/// <param name="Why">In words, why this was chosen.</param>
internal sealed record BudgetRow(int Cores, PlannedRun Chosen, PlannedRun Whole, FoundSplit? Split, string Why)
{
    /// <summary>The fastest session for the whole model, whatever its threads gain: what a split is measured against.</summary>
    public PlannedRun Fastest { get; init; } = Whole;
}

/// <summary>A model's plans for all core counts.</summary>
/// <param name="Units">What could be put on lanes: fusion groups, and those together between which nothing can be cut.</param>
/// <param name="Paths">Clusters before merging.</param>
/// <param name="Clusters">Clusters after the merging in which a cluster is over when its last unit ends, not when that begins (<see cref="LinearClustering.Concurrent"/>): how many lanes could have something to do.</param>
/// <param name="Rows">By core count, rising.</param>
/// <param name="Plans">The distinct plans of the rows, in the order of their first use.</param>
internal sealed record BudgetTable(int Units, int Paths, int Clusters, IReadOnlyList<BudgetRow> Rows, IReadOnlyList<ExecutionPlan> Plans);
