using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Parts;

/// <summary>
/// Threads for parts so that the last one is over as early as possible. What <c>prun</c> does not ask (arXiv 2301.05099), how a part's time falls with its threads,
/// decides here. Scheduling such parts is NP-hard; this is the two-phase method of Turek, Wolf and Yu (SPAA 1992): for a bound on every part's time, each gets the
/// fewest threads that keep it, and the parts are put on the cores in order. Of all bounds the best is taken, and changed part by part while that gains.
/// </summary>
internal static class EarliestFinish
{
    /// <summary>More threads than one must gain so much: what is predicted is not exact, and threads that wait for each other disturb others.</summary>
    public const double LeastGain = 1.03;

    // As near to what is possible as predictions can tell.
    private const double NearBound = 1.02;

    private const int MostBounds = 24;

    // With more parts, one more or less says little.
    private const int MostChanged = 32;

    /// <param name="parts">What each is expected to take.</param>
    /// <param name="cores">The cores.</param>
    /// <param name="counts">The thread counts that a part may have, rising from 1.</param>
    public static PartPlan Plan(IReadOnlyList<PartTimes> parts, int cores, int[] counts)
    {
        counts = Array.FindAll(counts, c => c <= cores);
        PartPlan thin = PartPlan.LongestFirst(parts, ThreadShares.One(parts.Count), cores);
        if (counts.Length == 1 || thin.Finish <= Bound(parts, cores, counts) * NearBound)
            return thin;
        PartPlan best = thin;
        foreach (double bound in Bounds(parts, counts, thin.Finish))
            best = Better(best, Best(parts, Within(parts, counts, bound), cores));
        if (parts.Count <= MostChanged)
            best = Improve(parts, best, cores, counts);
        return best.Finish * LeastGain < thin.Finish ? best : thin;
    }

    // No schedule is shorter: neither is the part that takes longest at its fastest, nor the work of all.
    private static double Bound(IReadOnlyList<PartTimes> parts, int cores, int[] counts)
    {
        double longest = 0, work = 0;
        foreach (PartTimes part in parts)
        {
            double fastest = double.MaxValue, least = double.MaxValue;
            foreach (int count in counts)
            {
                fastest = Math.Min(fastest, part.At(count));
                least = Math.Min(least, part.At(count) * count);
            }
            longest = Math.Max(longest, fastest);
            work += least;
        }
        return Math.Max(longest, work / cores);
    }

    // Bounds on a part's time that make a difference: the times themselves, up to what is reached anyway.
    private static IEnumerable<double> Bounds(IReadOnlyList<PartTimes> parts, int[] counts, double reached)
    {
        // Equal parts share their times.
        double[] times = [.. parts.Distinct().SelectMany(p => counts.Select(p.At)).Where(t => t < reached).Distinct().OrderBy(t => t)];
        int bounds = Math.Min(MostBounds, times.Length);
        for (int i = 0; i < bounds; i++)
            yield return times[(int)((long)i * times.Length / bounds)];
    }

    // The fewest threads that keep it; where none do, the fastest.
    private static int[] Within(IReadOnlyList<PartTimes> parts, int[] counts, double bound)
    {
        int[] threads = new int[parts.Count];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = counts[0];
            for (int c = 1; c < counts.Length && parts[i].At(threads[i]) > bound; c++)
            {
                if (parts[i].At(counts[c]) < parts[i].At(threads[i]))
                    threads[i] = counts[c];
            }
        }
        return threads;
    }

    private static PartPlan Improve(IReadOnlyList<PartTimes> parts, PartPlan best, int cores, int[] counts)
    {
        for (bool gains = true; gains;)
        {
            gains = false;
            for (int part = 0; part < parts.Count; part++)
            {
                foreach (int count in counts)
                {
                    if (count == best.Threads[part])
                        continue;
                    int[] threads = [.. best.Threads];
                    threads[part] = count;
                    PartPlan changed = Better(best, Best(parts, threads, cores));
                    gains |= changed != best;
                    best = changed;
                }
            }
        }
        return best;
    }

    private static PartPlan Best(IReadOnlyList<PartTimes> parts, int[] threads, int cores) => Better(
        Better(PartPlan.LongestFirst(parts, threads, cores), PartPlan.WidestFirst(parts, threads, cores)), PartPlan.WidestLast(parts, threads, cores));

    // Strictly: of equal ones the first, which has fewer threads.
    private static PartPlan Better(PartPlan one, PartPlan other) => other.Finish < one.Finish ? other : one;
}
