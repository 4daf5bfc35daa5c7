using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Parts;

/// <summary>
/// Puts parts of equal dimensions together where that pays: a batch takes less than its parts one by one, but leaves fewer pieces to divide over the cores. So plans
/// with larger and larger batches are compared, by when the last one is over. Nothing is padded.
/// </summary>
internal static class PartMerger
{
    // So much less for each part in a batch, and so much earlier in all: inputs and outputs are copied once more. No more than that: predictions do not know that a batch reads
    // the weights once, so it gains more than they say.
    private const double LeastGain = 1.02;

    /// <param name="groups">The parts.</param>
    /// <param name="allot">Plans what is to run.</param>
    public static JobPlan Plan(IReadOnlyList<PartGroup> groups, Func<IReadOnlyList<PartTimes>, PartPlan> allot)
    {
        int[] sizes = [.. groups.Select(_ => 1)];
        JobPlan best = With(groups, sizes, allot);
        int most = groups.Max(g => Math.Min(g.Count, g.Most));
        for (int limit = 2; limit / 2 < most; limit *= 2)
        {
            int[] larger = [.. groups.Select((g, i) => Larger(g, sizes[i], limit))];
            if (larger.SequenceEqual(sizes))
                continue;
            sizes = larger;
            JobPlan plan = With(groups, sizes, allot);
            if (plan.Plan.Finish * LeastGain < best.Plan.Finish)
                best = plan;
        }
        return best;
    }

    private static int Larger(PartGroup group, int size, int limit)
    {
        int larger = Math.Min(limit, Math.Min(group.Count, group.Most));
        return larger > size && PerPart(group, larger) * LeastGain < PerPart(group, size) ? larger : size;
    }

    private static double PerPart(PartGroup group, int size) => group.Together(size).Alone / size;

    // In batches of equal size as far as possible.
    private static JobPlan With(IReadOnlyList<PartGroup> groups, int[] sizes, Func<IReadOnlyList<PartTimes>, PartPlan> allot)
    {
        List<PartBatch> batches = [];
        List<PartTimes> times = [];
        for (int i = 0; i < groups.Count; i++)
        {
            int pieces = (groups[i].Count + sizes[i] - 1) / sizes[i];
            Dictionary<int, PartTimes> known = [];
            for (int piece = 0; piece < pieces; piece++)
            {
                int first = (int)((long)groups[i].Count * piece / pieces), count = (int)((long)groups[i].Count * (piece + 1) / pieces) - first;
                batches.Add(new PartBatch(i, first, count));
                if (!known.TryGetValue(count, out PartTimes? time))
                    known.Add(count, time = groups[i].Together(count));
                times.Add(time);
            }
        }
        return new JobPlan([.. batches], allot(times));
    }
}
