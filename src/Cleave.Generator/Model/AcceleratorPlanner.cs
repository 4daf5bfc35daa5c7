using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Diagnostics;
using Cleave.Core.Placement;
using Cleave.Core.Schedule;

namespace Cleave.Generator.Model;

/// <summary>Plans a model for the CPU and an accelerator together.</summary>
internal static class AcceleratorPlanner
{
    // One lane beside the accelerator leaves a core to the thread that launches; a second one pays in recurrent models.
    private const int Lanes = 2;

    /// <param name="model">The model, planned for the CPU.</param>
    /// <param name="options">What is asked for.</param>
    /// <param name="accelerator">What it is planned for.</param>
    /// <param name="problems">Gets a warning where nothing is on the accelerator, or the deadline is missed by what was measured.</param>
    /// <returns>Null where nothing is on the accelerator.</returns>
    public static PlacedRun? Plan(PlannedModel model, AcceleratorOptions options, AcceleratorProfile accelerator, List<Problem> problems)
    {
        PlacedRun? run = PlacedPlanner.Plan(model.Sized, model.Cost, accelerator, options.Request, Lanes, out PlacementPlan? plan, out string why);
        if (run is null)
            problems.Add(new Problem(Rules.NothingOnAccelerator, why));
        // A guess is no reason to fail a build that treats warnings as errors.
        if (plan is { MeetsDeadline: false } && accelerator.IsMeasured)
            problems.Add(new Problem(Rules.DeadlineMissed, DurationText.Predicted(options.Request.Deadline), DurationText.Predicted(plan.Chosen.Makespan), accelerator.Name));
        return run;
    }

    /// <summary>What is predicted of the plan, and of what it was chosen over.</summary>
    public static string Comment(PlacedRun run, AcceleratorProfile accelerator) => string.Format(
        CultureInfo.InvariantCulture, "{0}, {1:0.0} MB there; it alone: {2}; the CPU alone: {3}; for {4} ({5})",
        DurationText.Predicted(run.Nanoseconds), run.DeviceBytes / 1e6, DurationText.Predicted(run.Placement.DeviceOnly.Makespan), DurationText.Predicted(run.Placement.HostOnly.Makespan),
        accelerator.Name, accelerator.IsMeasured ? "measured" : "not measured");

    /// <summary>The plan in the form of those for the CPU.</summary>
    public static PlannedRun AsRun(PlacedRun run) => new(
        run.Plan, run.Threads, [.. run.Segments.Select(s => s.Nanoseconds)], new Prediction(run.Nanoseconds, [], []));
}
