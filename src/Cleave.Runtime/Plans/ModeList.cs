using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Generated;

namespace Cleave.Plans;

/// <summary>
/// The ways in which a runner may run its model, by falling cores: the plan for all cores first, then those for a half, a quarter and an
/// eighth of them, for when that many requests run at once; last the whole model on one thread, which any number of requests share.
/// </summary>
internal static class ModeList
{
    // With all cores and one core that makes five: each is a session, or several.
    private static readonly int[] Parts = [2, 4, 8];

    /// <param name="definition">The model.</param>
    /// <param name="options">What the application asked for.</param>
    /// <param name="cores">The runner's cores.</param>
    /// <param name="canSplit">Whether parts of the model can be opened.</param>
    public static ChosenPlan[] Of(ModelDefinition definition, RunnerOptions options, int cores, bool canSplit)
    {
        Budget[] rows = definition.Budgets;
        PlanChoice choice = !canSplit ? PlanChoice.Whole : options.Plan != PlanChoice.Auto ? options.Plan : definition.Plan ?? PlanChoice.Auto;
        ChosenPlan first = ChosenPlan.Choose(rows, cores, choice);
        bool forced = choice == PlanChoice.Split && first.Plan.IsSplit;
        if (forced || first.Threads is [1] || !Array.Exists(rows, static r => !r.Plan.IsSplit))
            return [first];
        if (options.Hint != RunnerHint.Latency)
            return [first.Whole(rows, 1)];
        // Pinned workers keep to the first lane's processors: a request of one thread could not go where there is room.
        if (options.Deterministic || (options.Pinning && first.Threads.Length > 1))
            return [first];
        List<ChosenPlan> modes = [first];
        foreach (int part in Parts)
        {
            if (cores / part > 1)
                modes.Add(ChosenPlan.Choose(rows, cores / part, choice));
        }
        modes.Add(first.Whole(rows, 1));
        return [.. Falling(modes)];
    }

    // A plan for fewer cores may be the same, or want more threads than one for more.
    private static IEnumerable<ChosenPlan> Falling(List<ChosenPlan> modes)
    {
        int last = int.MaxValue;
        foreach (ChosenPlan mode in modes)
        {
            if (mode.Threads.Sum() < last)
            {
                last = mode.Threads.Sum();
                yield return mode;
            }
        }
    }
}
