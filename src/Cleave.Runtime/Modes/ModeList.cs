using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Generated;
using Cleave.Plans;

namespace Cleave.Modes;

/// <summary>
/// The ways in which a runner may run its model, by falling cores: the plan for all cores, those for a half, a quarter and an eighth of them, for
/// when that many requests run at once, and last the whole model on one thread, which any number of requests share. Where the plan has
/// one thread, or splits the model, the whole model with all cores comes first: whether that is better is measured.
/// </summary>
/// <param name="Modes">At least one.</param>
/// <param name="Planned">The place of the plan for all cores, which is opened at once.</param>
internal sealed record ModeList(ChosenPlan[] Modes, int Planned)
{
    // With all cores and one core that makes five: each is a session, or several.
    private static readonly int[] Parts = [2, 4, 8];

    /// <param name="definition">The model.</param>
    /// <param name="options">What the application asked for.</param>
    /// <param name="cores">The runner's cores.</param>
    /// <param name="canSplit">Whether parts of the model can be opened.</param>
    /// <param name="tuned">What was measured to be the best on this machine; null: nothing was.</param>
    /// <param name="pays">Whether a mode of several cores is worth that the one of one thread is beside it; null: it always is.</param>
    public static ModeList Of(ModelDefinition definition, RunnerOptions options, int cores, bool canSplit, ChosenPlan? tuned, Func<ChosenPlan, bool>? pays = null)
    {
        Budget[] rows = definition.Budgets;
        PlanChoice choice = canSplit ? options.Plan ?? PlanChoice.Auto : PlanChoice.Whole;
        bool goesByTuning = tuned != null && tuned.Cores <= cores && (choice == PlanChoice.Auto || (choice == PlanChoice.Whole && !tuned.Plan.IsSplit));
        ChosenPlan planned = goesByTuning ? tuned! : ChosenPlan.Choose(rows, cores, choice);
        bool forced = choice == PlanChoice.Split && planned.Plan.IsSplit;
        if (forced || cores == 1 || !Array.Exists(rows, static r => !r.Plan.IsSplit))
            return new ModeList([planned], 0);
        if (options.Hint is not (null or RunnerHint.Latency))
            return new ModeList([ChosenPlan.Whole(rows, 1, 1)], 0);
        // Pinned workers keep to the first lane's processors: a request of one thread could not go where there is room.
        if (options.Deterministic == true || (options.Pinning == true && planned.Threads.Length > 1))
            return new ModeList([planned], 0);
        if (!IsWorth(planned))
            planned = ChosenPlan.Whole(rows, 1, 1);
        List<ChosenPlan> modes = [planned];
        foreach (int part in Parts)
        {
            if (cores / part > 1 && ChosenPlan.Choose(rows, cores / part, choice) is var chosen && IsWorth(chosen))
                modes.Add(chosen);
        }
        modes.Add(ChosenPlan.Whole(rows, 1, 1));
        ChosenPlan[] falling = [.. Falling(modes)];
        return planned.Plan.IsSplit || planned.Threads is [1]
            ? new ModeList([ChosenPlan.Whole(rows, cores, cores), .. falling], 1)
            : new ModeList(falling, 0);

        bool IsWorth(ChosenPlan mode) => pays is null || mode.Cores == 1 || pays(mode);
    }

    /// <summary>How many instances each mode may have: of those for a part of the cores, the planned one among them, as many as there are cores for.</summary>
    public int[] Instances(int cores) => [.. Modes.Select((mode, i) => i >= Planned && i < Modes.Length - 1 ? Math.Max(1, cores / mode.Cores) : 1)];

    // A plan for fewer cores may be the same, or want more threads than one for more.
    private static IEnumerable<ChosenPlan> Falling(List<ChosenPlan> modes)
    {
        int last = int.MaxValue;
        foreach (ChosenPlan mode in modes)
        {
            if (mode.Cores < last)
            {
                last = mode.Cores;
                yield return mode;
            }
        }
    }
}
