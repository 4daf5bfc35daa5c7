using System;

namespace Cleave.Core.Placement;

/// <summary>
/// Decides which processor runs what, for latency or for memory under a deadline (Cai et al. 2023, "Chrion": the two patterns; how it searches is not published
/// in full). A plan is never slower than the CPU alone or the accelerator alone by its own model, unless the memory limit or the objective forbids those.
/// </summary>
internal static class PlacementPlanner
{
    /// <param name="problem">What is to be placed.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="budget">What may be spent, all searches together; null: what a model may.</param>
    public static PlacementPlan Plan(PlacementProblem problem, PlacementRequest request, PlacementBudget? budget = null)
    {
        budget ??= new PlacementBudget();
        PlacementSchedule host = LatencySearch.Only(problem, space: 0), device = LatencySearch.Only(problem, space: 1);
        PlacementSchedule fastest = LatencySearch.Best(problem, budget);
        double deviceBytes = PeakMemory.Of(problem, device);
        PlacementSchedule chosen = Within(problem, request.MemoryLimit, fastest, budget, deviceBytes <= request.MemoryLimit && device.Makespan < host.Makespan ? device : host);
        if (request.Objective == PlacementObjective.Memory)
        {
            // Without a deadline of its own: nothing may become slower.
            double deadline = double.IsPositiveInfinity(request.Deadline) ? fastest.Makespan : request.Deadline;
            chosen = MemorySearch.Best(problem, deadline, fastest, budget) is { } least && PeakMemory.Of(problem, least) <= request.MemoryLimit ? least : chosen;
        }
        return new PlacementPlan(chosen, PeakMemory.Of(problem, chosen), host, device, deviceBytes, chosen.Makespan <= request.Deadline);
    }

    // The fastest, where it fits; otherwise the least deadline, to some percent, that fits. One that fits is known.
    private static PlacementSchedule Within(PlacementProblem problem, double limit, PlacementSchedule fastest, PlacementBudget budget, PlacementSchedule known)
    {
        if (PeakMemory.Of(problem, fastest) <= limit)
            return fastest;
        PlacementSchedule best = known;
        double from = fastest.Makespan, to = known.Makespan;
        for (int step = 0; step < 6 && to > from * 1.02 && budget.Left > 0; step++)
        {
            double deadline = Math.Sqrt(from * to);
            if (MemorySearch.Best(problem, deadline, fastest, budget) is { } least && PeakMemory.Of(problem, least) <= limit)
            {
                best = least.Makespan < best.Makespan ? least : best;
                to = deadline;
            }
            else
            {
                from = deadline;
            }
        }
        return best;
    }
}
