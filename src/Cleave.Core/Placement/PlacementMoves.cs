using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Placement;

/// <summary>Which units a search moves together: single ones, chains, and those that read the same weights.</summary>
internal static class PlacementMoves
{
    // Of more, neighbours and cuts are too many to try.
    private const int FewUnits = 64;

    /// <summary>Each group once, units rising; single units last.</summary>
    public static IReadOnlyList<int[]> Of(PlacementProblem problem)
    {
        Dictionary<string, int[]> groups = new(StringComparer.Ordinal);
        foreach (int[] group in ByWeights(problem).Concat(Chains(problem)).Concat(problem.Units.Count <= FewUnits ? Neighbours(problem) : []).Concat(Enumerable.Range(0, problem.Units.Count).Select(u => new[] { u })))
        {
            string key = string.Join(",", group);
            if (!groups.ContainsKey(key))
                groups.Add(key, group);
        }
        return [.. groups.Values.OrderByDescending(g => g.Length).ThenBy(g => g[0])];
    }

    // A weight is on the accelerator or not: the units that read it move together.
    private static IEnumerable<int[]> ByWeights(PlacementProblem problem)
    {
        List<int>[] readers = Array.ConvertAll(problem.WeightBytes, _ => new List<int>());
        for (int unit = 0; unit < problem.Units.Count; unit++)
        {
            foreach (int weight in problem.Units[unit].Weights)
                readers[weight].Add(unit);
        }
        return readers.Where(r => r.Count > 1).Select(r => r.Distinct().ToArray());
    }

    // Where a copy costs more than a unit, those on both its ends move together; and all before or after a cut.
    private static IEnumerable<int[]> Neighbours(PlacementProblem problem)
    {
        int count = problem.Units.Count;
        for (int unit = 0; unit < count; unit++)
        {
            int[] before = problem.Graph.Predecessors[unit], after = problem.Graph.Successors[unit];
            foreach (int other in before)
                yield return [other, unit];
            if (before.Length > 1)
                yield return [.. before, unit];
            if (after.Length > 1)
                yield return [unit, .. after];
            if (unit > 0)
            {
                yield return [.. Enumerable.Range(0, unit)];
                yield return [.. Enumerable.Range(unit, count - unit)];
            }
        }
    }

    // Units of which each is the only one to read the one before it, and reads nothing else.
    private static IEnumerable<int[]> Chains(PlacementProblem problem)
    {
        int[][] predecessors = problem.Graph.Predecessors, successors = problem.Graph.Successors;
        for (int unit = 0; unit < predecessors.Length; unit++)
        {
            if (predecessors[unit].Length == 1 && successors[predecessors[unit][0]].Length == 1)
                continue;
            List<int> chain = [unit];
            for (int at = unit; successors[at].Length == 1 && predecessors[successors[at][0]].Length == 1; at = successors[at][0])
                chain.Add(successors[at][0]);
            if (chain.Count > 1)
                yield return chain.ToArray();
        }
    }
}
