using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Placement;

/// <summary>All ways to place the units of a small problem: local optima are worst where there is little to move, so of few ways each is tried.</summary>
internal static class EveryPlacement
{
    private const int Most = 1024;

    /// <summary>By unit, the processor; none where there are too many ways. In an order that the problem alone gives.</summary>
    public static IEnumerable<int[]> Of(PlacementProblem problem)
    {
        int[][] allowed = [.. Enumerable.Range(0, problem.Units.Count).Select(u => Enumerable.Range(0, problem.Processors.Count).Where(p => problem.CanRun(u, p)).ToArray())];
        double placements = 1;
        foreach (int[] processors in allowed)
            placements *= processors.Length;
        for (int number = 0; placements <= Most && number < placements; number++)
        {
            int rest = number;
            yield return Array.ConvertAll(allowed, processors =>
            {
                int processor = processors[rest % processors.Length];
                rest /= processors.Length;
                return processor;
            });
        }
    }
}
