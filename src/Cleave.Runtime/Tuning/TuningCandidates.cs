using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Batching;
using Cleave.Generated;
using Cleave.Modes;
using Cleave.Plans;

namespace Cleave.Tuning;

/// <summary>The ways to run a model that are worth measuring on a number of cores.</summary>
internal static class TuningCandidates
{
    /// <summary>
    /// First the one that would run without tuning; then the whole model with 1, 2, 4, … threads and with all; then each split of the table that has room.
    /// </summary>
    /// <param name="definition">The model.</param>
    /// <param name="options">What the application asked for.</param>
    /// <param name="cores">The runner's cores.</param>
    /// <param name="canSplit">Whether parts of the model can be opened.</param>
    public static IReadOnlyList<ChosenPlan> Of(ModelDefinition definition, RunnerOptions options, int cores, bool canSplit)
    {
        Budget[] rows = definition.Budgets;
        ModeList untuned = ModeList.Of(definition, options, cores, canSplit, tuned: null);
        List<ChosenPlan> found = [untuned.Modes[untuned.Planned]];
        if (rows.Any(static r => !r.Plan.IsSplit))
        {
            foreach (int threads in ThreadCounts.UpTo(cores))
                Add(ChosenPlan.Whole(rows, threads, cores));
        }
        foreach (Budget row in rows)
        {
            if (canSplit && row.Plan.IsSplit && row.Threads.Sum() <= cores)
                Add(new ChosenPlan(row.Plan, row.Threads, row.Cores));
        }
        return found;

        void Add(ChosenPlan plan)
        {
            if (!found.Exists(f => f.Plan == plan.Plan && f.Threads.SequenceEqual(plan.Threads)))
                found.Add(plan);
        }
    }
}
