using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Passes.Partitions;
using Cleave.Core.Placement;

namespace Cleave.TestKit.Placement;

/// <summary>Problems at random: every unit of some time on both sides, copies from negligible to longer than any unit.</summary>
internal static class RandomPlacement
{
    /// <param name="seed">The same seed gives the same problem.</param>
    /// <param name="units">How many units.</param>
    /// <param name="lanes">Lanes of the CPU, beside one accelerator.</param>
    /// <param name="idle">Of so many units one takes no time anywhere; 0: none does.</param>
    public static PlacementProblem Of(ulong seed, int units, int lanes = 1, int idle = 0)
    {
        SeededRandom random = new(seed);
        Processor[] processors = [.. Enumerable.Range(0, lanes).Select(i => new Processor("lane " + i, 0)), new Processor("accelerator", 1)];
        // Of wide and of narrow graphs, copies and units the proportions vary by problem.
        int reach = 1 + random.Below(units), degree = 1 + random.Below(3);
        double copies = Math.Pow(10, (random.Fraction() * 3) - 2), faster = Math.Pow(8, (random.Fraction() * 2) - 1);
        PlacementUnit[] placed = [.. Enumerable.Range(0, units).Select(_ => Unit(random, lanes, faster, units))];
        for (int unit = 0; idle > 0 && unit < units; unit++)
            placed[unit] = random.Below(idle) == 0 ? placed[unit] with { Times = new double[lanes + 1] } : placed[unit];
        List<PlacementValue> values = [];
        List<int>[] readers = [.. Enumerable.Range(0, units).Select(_ => new List<int>())];
        for (int unit = 1; unit < units; unit++)
        {
            for (int edge = random.Below(degree + 1); edge > 0; edge--)
            {
                int producer = Math.Max(0, unit - 1 - random.Below(reach));
                if (!readers[producer].Contains(unit))
                    readers[producer].Add(unit);
            }
        }
        for (int unit = 0; unit < units; unit++)
            values.Add(new PlacementValue(unit, [.. readers[unit]], 1000 * random.Fraction(), IsOutput: readers[unit].Count == 0));
        values.Add(new PlacementValue(-1, [.. Enumerable.Range(0, units).Where(u => placed[u].Times.Length > 0 && values.All(v => !v.Readers.Contains(u)))], 500));
        TransferCost transfers = new(20 * copies, 100 * copies * (0.5 + random.Fraction()), 10 / copies, 100 * copies * (0.5 + random.Fraction()), 10 / copies);
        return new PlacementProblem(processors, placed, values, [.. Enumerable.Range(0, units).Select(_ => 10_000 * random.Fraction())], transfers);
    }

    private static PlacementUnit Unit(SeededRandom random, int lanes, double faster, int units)
    {
        double time = 10 + (1000 * random.Fraction() * random.Fraction());
        double there = random.Below(12) == 0 ? double.PositiveInfinity : time * faster * (0.2 + (1.8 * random.Fraction()));
        return new PlacementUnit([.. Enumerable.Repeat(time, lanes), there], random.Below(3) == 0 ? [] : [random.Below(units)], 1000 * random.Fraction());
    }
}
