using System;

namespace Cleave.Core.Placement;

/// <summary>Which processor runs what, and when.</summary>
/// <param name="Place">By unit: its processor.</param>
/// <param name="Order">All units, by start; each after those it reads from.</param>
/// <param name="Start">By unit: nanoseconds from the beginning of the call.</param>
/// <param name="Finish">By unit: nanoseconds from the beginning of the call.</param>
/// <param name="Makespan">Nanoseconds until the caller has all outputs.</param>
internal sealed record PlacementSchedule(int[] Place, int[] Order, double[] Start, double[] Finish, double Makespan)
{
    /// <summary>Whether all units run on the CPU.</summary>
    public bool IsHostOnly(PlacementProblem problem) => Array.TrueForAll(Place, p => problem.Processors[p].IsHost);
}
