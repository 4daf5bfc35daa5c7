using System;
using System.Linq;

namespace Cleave.Core.Parts;

/// <summary>
/// Threads for parts that all start at once, as Kogan's <c>prun</c> gives them (arXiv 2301.05099, the allocation of threads): no more together than there are
/// cores, at least one each. Where there are more parts than cores, that is not possible: each gets one, and they start as cores become free.
/// </summary>
internal static class ThreadShares
{
    /// <summary>One each.</summary>
    public static int[] One(int parts)
    {
        int[] threads = new int[parts];
        for (int i = 0; i < parts; i++)
            threads[i] = 1;
        return threads;
    }

    /// <summary>As many for each as for the others; what is left goes to the heaviest.</summary>
    public static int[] Equal(double[] weights, int cores)
    {
        int[] threads = One(weights.Length);
        if (weights.Length >= cores)
            return threads;
        int share = cores / weights.Length, left = cores % weights.Length;
        for (int i = 0; i < threads.Length; i++)
            threads[i] = share;
        foreach (int part in Falling(weights).Take(left))
            threads[part]++;
        return threads;
    }

    /// <summary>
    /// In proportion to the weights, by the largest remainder. Where light parts get more than their share because each has at least one thread, the others give
    /// theirs back: each time the part that is over first without it.
    /// </summary>
    public static int[] Proportional(double[] weights, int cores)
    {
        int[] threads = One(weights.Length);
        double sum = weights.Sum();
        if (weights.Length >= cores)
            return threads;
        if (!(sum > 0))
            return Equal(weights, cores);
        double[] remainders = new double[threads.Length];
        for (int i = 0; i < threads.Length; i++)
        {
            double exact = weights[i] / sum * cores;
            threads[i] = Math.Max(1, (int)exact);
            remainders[i] = exact - threads[i];
        }
        foreach (int part in Falling(remainders).Take(Math.Max(0, cores - threads.Sum())))
            threads[part]++;
        for (int over = threads.Sum() - cores; over > 0; over--)
            threads[Richest(weights, threads)]--;
        return threads;
    }

    private static int Richest(double[] weights, int[] threads)
    {
        int richest = -1;
        for (int i = 0; i < threads.Length; i++)
        {
            if (threads[i] > 1 && (richest < 0 || weights[i] / (threads[i] - 1) <= weights[richest] / (threads[richest] - 1)))
                richest = i;
        }
        return richest;
    }

    // Positions; of equal ones the earlier first.
    private static int[] Falling(double[] numbers)
    {
        int[] order = new int[numbers.Length];
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        Array.Sort(order, (a, b) => numbers[b].CompareTo(numbers[a]) is not 0 and var sign ? sign : a.CompareTo(b));
        return order;
    }
}
