using System;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Passes;

namespace Cleave.Core.Placement;

/// <summary>Places a model, and makes lanes of it that carry it out.</summary>
internal static class PlacedPlanner
{
    // What a plan takes when it runs is more than its peak: the limit is tightened so often.
    private const int MostTries = 4;

    /// <param name="graph">The model at dimensions.</param>
    /// <param name="cpu">The CPU.</param>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="request">What is asked for; of memory there is no more than the accelerator has.</param>
    /// <param name="lanes">Lanes of the CPU, of one thread each.</param>
    /// <param name="plan">What was found; null where nothing was placed.</param>
    /// <param name="why">Why nothing is on the accelerator, where nothing is.</param>
    /// <param name="budget">What may be spent; null: what a model may.</param>
    /// <returns>Null where nothing is on the accelerator.</returns>
    public static PlacedRun? Plan(
        SizedGraph graph, CostModel cpu, AcceleratorProfile accelerator, PlacementRequest request, int lanes, out PlacementPlan? plan, out string why,
        PlacementBudget? budget = null)
    {
        budget ??= new PlacementBudget();
        plan = null;
        why = "";
        if (graph.KnownPart() < Planner.LeastKnown)
            why = "the sizes of too many of its values are not known";
        else if (graph.Graph.Outputs.Any(o => graph.Graph.Index.Producer(o) < 0 || graph.Graph.Roles[graph.Graph.Index.Producer(o)] == NodeRole.Constant))
            why = "an output of it is an input, or a constant";
        if (why.Length > 0)
            return null;
        // What the item says overrules the profile, which may be that of a smaller accelerator.
        if (double.IsPositiveInfinity(request.MemoryLimit))
            request = request with { MemoryLimit = accelerator.Memory };
        double limit = request.MemoryLimit;
        PlanUnits units = PlanUnits.Of(graph.Graph);
        PlacementProblem problem = PlacementModel.Of(units, graph, cpu, accelerator, lanes);
        for (int tried = 0; tried < MostTries; tried++)
        {
            plan = PlacementPlanner.Plan(problem, request, budget);
            bool isWorth = request.Objective == PlacementObjective.Memory || plan.Chosen.Makespan < plan.HostOnly.Makespan * (1 - Planner.LeastGain);
            if (!isWorth || PlacedRunBuilder.Build(units, graph, cpu, accelerator, problem, plan) is not { } run)
            {
                why = tried == 0 && plan.DeviceBytes <= limit ? "the CPU alone is predicted to be as good" : "the CPU alone is predicted to be as good, or nothing better was found that fits the memory";
                return null;
            }
            if (run.DeviceBytes <= limit)
                return run;
            request = request with { MemoryLimit = request.MemoryLimit * Math.Min(0.9, plan.Bytes / run.DeviceBytes) };
        }
        why = "no plan was found that fits the memory";
        return null;
    }
}
