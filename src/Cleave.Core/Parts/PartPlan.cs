using System;
using System.Collections.Generic;

namespace Cleave.Core.Parts;

/// <summary>How a job's parts run: each starts, in order, as soon as there are cores for its threads; none overtakes another.</summary>
/// <param name="Threads">By part.</param>
/// <param name="Order">The parts, by their start.</param>
/// <param name="Finish">When the last one is expected to be over, in the unit of the times.</param>
internal sealed record PartPlan(int[] Threads, int[] Order, double Finish)
{
    /// <summary>The plan with so many threads for each part, the longest first; of equal ones the earlier.</summary>
    public static PartPlan LongestFirst(IReadOnlyList<PartTimes> parts, int[] threads, int cores) =>
        Of(parts, threads, cores, (a, b) => parts[b].At(threads[b]).CompareTo(parts[a].At(threads[a])));

    /// <summary>As <see cref="LongestFirst"/>, but those with more threads before all with fewer.</summary>
    public static PartPlan WidestFirst(IReadOnlyList<PartTimes> parts, int[] threads, int cores) =>
        Of(parts, threads, cores, (a, b) => threads[a] != threads[b] ? threads[b].CompareTo(threads[a]) : parts[b].At(threads[b]).CompareTo(parts[a].At(threads[a])));

    /// <summary>As <see cref="LongestFirst"/>, but those with more threads after all with fewer: they fill what the others leave at the end.</summary>
    public static PartPlan WidestLast(IReadOnlyList<PartTimes> parts, int[] threads, int cores) =>
        Of(parts, threads, cores, (a, b) => threads[a] != threads[b] ? threads[a].CompareTo(threads[b]) : parts[b].At(threads[b]).CompareTo(parts[a].At(threads[a])));

    /// <summary>When the last part is over.</summary>
    public static double FinishOf(IReadOnlyList<PartTimes> parts, int[] threads, int[] order, int cores)
    {
        // When each core is free, rising.
        double[] free = new double[cores];
        double start = 0, finish = 0;
        foreach (int part in order)
        {
            int count = threads[part];
            start = Math.Max(start, free[count - 1]);
            double end = start + parts[part].At(count);
            finish = Math.Max(finish, end);
            int at = count;
            for (; at < cores && free[at] < end; at++)
                free[at - count] = free[at];
            for (int i = at - count; i < at; i++)
                free[i] = end;
        }
        return finish;
    }

    private static PartPlan Of(IReadOnlyList<PartTimes> parts, int[] threads, int cores, Comparison<int> compare)
    {
        int[] order = new int[threads.Length];
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        // By position last: sorting is not stable.
        Array.Sort(order, (a, b) => compare(a, b) is not 0 and var sign ? sign : a.CompareTo(b));
        return new PartPlan(threads, order, FinishOf(parts, threads, order, cores));
    }
}
