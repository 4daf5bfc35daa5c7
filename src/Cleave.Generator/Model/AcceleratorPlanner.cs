using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Diagnostics;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Passes;
using Cleave.Core.Placement;
using Cleave.Core.Schedule;

namespace Cleave.Generator.Model;

/// <summary>What was chosen for the CPU and an accelerator together.</summary>
/// <param name="Run">The plan.</param>
/// <param name="Model">The model whose nodes it names.</param>
/// <param name="Rewritten">How that was made of the model as it is; null where it is that one.</param>
internal sealed record PlacedChoice(PlacedRun Run, PlannedModel Model, RewrittenGraph? Rewritten);

/// <summary>Plans a model for the CPU and an accelerator together, also with its recurrent nodes taken apart.</summary>
internal static class AcceleratorPlanner
{
    // One lane beside the accelerator leaves a core to the thread that launches; a second one pays in recurrent models.
    private const int Lanes = 2;

    // With more, most of what a segment on an accelerator takes is its launch.
    private static readonly int[] ChunkCounts = [1, 4, 8, 16];

    /// <param name="model">The model, planned for the CPU.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="accelerator">What it is planned for.</param>
    /// <param name="problems">Gets a warning where nothing is on the accelerator, or the deadline is missed by what was measured.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Null where nothing is on the accelerator.</returns>
    public static PlacedChoice? Plan(PlannedModel model, AcceleratorOptions options, AcceleratorProfile accelerator, List<Problem> problems, CancellationToken cancellation = default)
    {
        PlacementRequest request = options.Request;
        PlacementBudget budget = new(cancellation);
        IReadOnlyList<RecurrentSplit>[] taken = [.. ChunkCounts.Select(c => RecurrentCandidates.Of(model.Graph, c)).Where(static s => s.Count > 0)];
        int left = 1 + taken.Length;
        PlacedRun? whole = PlacedPlanner.Plan(model.Sized, model.Cost, accelerator, request, Lanes, out PlacementPlan? plan, out string why, budget.Part(budget.Left / left));
        List<PlacedChoice> choices = whole is null ? [] : [new PlacedChoice(whole, model, null)];
        // Taken apart, too, nothing may become slower than the model as it is.
        if (plan != null && double.IsPositiveInfinity(request.Deadline))
            request = request with { Deadline = plan.Chosen.Makespan };
        foreach (IReadOnlyList<RecurrentSplit> splits in taken)
        {
            cancellation.ThrowIfCancellationRequested();
            RewrittenGraph rewritten = RewrittenGraph.Of(model.Graph, model.Sizes, splits);
            if (PlacedPlanner.Plan(rewritten.Graph, model.Cost, accelerator, request, Lanes, out _, out _, budget.Part(budget.Left / --left)) is { } run)
                choices.Add(new PlacedChoice(run, model.Of(rewritten), rewritten));
        }
        PlacedChoice? best = Best(choices, options.Request);
        // Lanes of the CPU may do as well, on the model as it is or taken apart.
        if (best != null && OnCpu(model) <= Enough(options.Request, best.Run))
        {
            best = null;
            why = options.Request.Objective == PlacementObjective.Latency ? "the CPU alone is predicted to be as good" : "the CPU alone is predicted to be in time";
        }
        if (best is null)
            problems.Add(new Problem(Rules.NothingOnAccelerator, why));
        // A guess is no reason to fail a build that treats warnings as errors.
        if (best is { Run.Placement: { MeetsDeadline: false } missed } && missed.Chosen.Makespan > options.Request.Deadline && accelerator.IsMeasured)
            problems.Add(new Problem(Rules.DeadlineMissed, DurationText.Predicted(options.Request.Deadline), DurationText.Predicted(missed.Chosen.Makespan), accelerator.Name));
        return best;
    }

    // The first of equals: the model as it is.
    private static PlacedChoice? Best(List<PlacedChoice> choices, PlacementRequest request)
    {
        if (request.Objective == PlacementObjective.Latency)
            return choices.OrderBy(c => c.Run.Nanoseconds).FirstOrDefault();
        // In time first, and then the least memory; where none is, the one that is done soonest.
        List<PlacedChoice> inTime = choices.FindAll(c => c.Run.Placement.MeetsDeadline);
        return inTime.Count > 0 ? inTime.OrderBy(c => c.Run.DeviceBytes).First() : choices.OrderBy(c => c.Run.Nanoseconds).FirstOrDefault();
    }

    /// <summary>The cores from which on the CPU alone is predicted to do as well; null where it never does.</summary>
    public static int? CoresInstead(PlannedModel model, PlacementRequest request, PlacedRun run)
    {
        double enough = Enough(request, run);
        int? from = null;
        foreach (BudgetRow row in model.Table.Rows.Reverse())
        {
            if (row.Chosen.Nanoseconds > enough)
                break;
            from = row.Cores;
        }
        return from;
    }

    // What the CPU alone may take and is as good. It takes none of an accelerator's memory: where that is to be saved, it need only be in time.
    private static double Enough(PlacementRequest request, PlacedRun run) =>
        request.Objective == PlacementObjective.Memory && !double.IsPositiveInfinity(request.Deadline) ? request.Deadline : run.Nanoseconds * (1 + Planner.LeastGain);

    private static double OnCpu(PlannedModel model) => model.Table.Rows.Where(r => r.Cores <= Lanes).Select(r => r.Chosen.Nanoseconds).DefaultIfEmpty(double.PositiveInfinity).Min();

    /// <summary>What is predicted of the plan, and of what it was chosen over.</summary>
    public static string Comment(PlacedRun run, AcceleratorProfile accelerator) => string.Format(
        CultureInfo.InvariantCulture, "{0}, {1:0.0} MB there; it alone: {2}; the CPU alone: {3}; for {4} ({5})",
        DurationText.Predicted(run.Nanoseconds), run.DeviceBytes / 1048576.0, DurationText.Predicted(run.Placement.DeviceOnly.Makespan), DurationText.Predicted(run.Placement.HostOnly.Makespan),
        accelerator.Name, accelerator.IsMeasured ? "measured" : "not measured");

    /// <summary>The plan in the form of those for the CPU.</summary>
    public static PlannedRun AsRun(PlacedChoice choice) => new(
        choice.Run.Plan, choice.Run.Threads, [.. choice.Run.Segments.Select(s => s.Nanoseconds)], new Prediction(choice.Run.Nanoseconds, [], []))
    {
        Rewritten = choice.Rewritten,
    };
}
