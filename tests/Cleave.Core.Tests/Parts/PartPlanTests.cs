using System;
using System.Linq;
using Cleave.Core.Parts;
using Xunit;

namespace Cleave.Core.Tests.Parts;

/// <summary>Parts on cores: when each starts, and when the last is over.</summary>
public sealed class PartPlanTests
{
    [Fact]
    public void The_longest_first_and_the_rest_as_cores_become_free()
    {
        PartPlan plan = PartPlan.LongestFirst(Serial(2, 7, 4, 5, 4), ThreadShares.One(5), 2);
        Assert.Equal([1, 3, 2, 4, 0], plan.Order);
        // 7 + 4, and 5 + 4 + 2.
        Assert.Equal(11, plan.Finish);
    }

    [Fact]
    public void A_part_waits_for_as_many_cores_as_it_has_threads_and_nobody_overtakes_it()
    {
        PartTimes[] parts = Serial(4, 3, 2, 1);
        // 0 and 1 from the start; 2 needs both cores at 4, and 3 comes after it.
        Assert.Equal(7, PartPlan.FinishOf(parts, [1, 1, 2, 1], [0, 1, 2, 3], 2));
        Assert.Equal(10, PartPlan.FinishOf(parts, [2, 2, 2, 2], [3, 1, 2, 0], 2));
        // With three, 2 starts beside 0 as soon as 1 is over, and 3 as soon as 0 is.
        Assert.Equal(5, PartPlan.FinishOf(parts, [1, 2, 2, 1], [0, 1, 2, 3], 3));
    }

    [Fact]
    public void The_sweep_over_the_cores_agrees_with_one_over_time()
    {
        Random random = new(5);
        for (int i = 0; i < 500; i++)
        {
            int cores = random.Next(1, 9);
            PartTimes[] parts = Serial([.. Enumerable.Range(0, random.Next(1, 15)).Select(_ => (double)random.Next(1, 10))]);
            int[] threads = [.. parts.Select(_ => random.Next(1, cores + 1))], order = [.. Enumerable.Range(0, parts.Length)];
            random.Shuffle(order);
            Assert.Equal(Stepwise(parts, threads, order, cores), PartPlan.FinishOf(parts, threads, order, cores));
        }
    }

    [Fact]
    public void Times_fall_as_a_power_between_known_counts_and_not_beyond_the_last()
    {
        PartTimes times = new([1, 4, 8], [16, 4, 3]);
        Assert.Equal([16, 8, 4, 3, 3], new[] { 1, 2, 4, 8, 100 }.Select(times.At));
        Assert.InRange(times.At(6), 3, 4);
        Assert.Throws<ArgumentException>(() => new PartTimes([2], [1]));
    }

    private static PartTimes[] Serial(params double[] times) => Array.ConvertAll(times, t => new PartTimes([1], [t]));

    // Whole steps of time: in each, as many as fit start in order.
    private static int Stepwise(PartTimes[] parts, int[] threads, int[] order, int cores)
    {
        int[] left = new int[parts.Length];
        int next = 0, now = 0;
        for (; next < order.Length || left.Any(l => l > 0); now++)
        {
            while (next < order.Length && Enumerable.Range(0, parts.Length).Where(p => left[p] > 0).Sum(p => threads[p]) + threads[order[next]] <= cores)
                left[order[next]] = (int)parts[order[next++]].Alone;
            left = Array.ConvertAll(left, l => Math.Max(0, l - 1));
        }
        return now;
    }
}
