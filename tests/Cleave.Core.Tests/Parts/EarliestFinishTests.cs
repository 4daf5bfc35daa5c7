using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Parts;
using Xunit;

namespace Cleave.Core.Tests.Parts;

/// <summary>Threads for parts so that the last is over early: compared with every allotment in every order.</summary>
public sealed class EarliestFinishTests
{
    private static readonly int[] Counts = [1, 2, 4];

    [Fact]
    public void It_is_nearly_as_good_as_the_best_of_all_schedules()
    {
        Random random = new(7);
        List<double> ratios = [];
        for (int i = 0; i < 400; i++)
        {
            int cores = random.Next(1, 5);
            PartTimes[] parts = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Random(random))];
            PartPlan plan = EarliestFinish.Plan(parts, cores, Counts);
            AssertFits(plan, parts, cores);
            ratios.Add(plan.Finish / Optimum(parts, cores));
        }
        Assert.All(ratios, r => Assert.InRange(r, 1 - 1e-9, 1.2));
        Assert.InRange(ratios.Average(), 1, 1.02);
    }

    [Fact]
    public void Only_the_counts_that_there_are_sessions_for_are_given()
    {
        int[] counts = [1, 2, 4, 8, 16];
        PartTimes part = new(counts, [.. counts.Select(static c => 0.06 + (0.94 / c))]);
        PartPlan plan = EarliestFinish.Plan([part, part, part], 16, counts), equal = PartPlan.LongestFirst([part, part, part], ThreadShares.Equal([1, 1, 1], 16), 16);
        Assert.Equal([4, 4, 4], plan.Threads);
        // Would be over earlier, with three sessions that no mode has.
        Assert.Equal([6, 5, 5], equal.Threads);
        Assert.True(equal.Finish < plan.Finish);
    }

    private static PartTimes Random(Random random)
    {
        double time = Math.Exp(random.NextDouble() * 4), serial = random.NextDouble() * random.NextDouble();
        return new PartTimes(Counts, [.. Counts.Select(c => time * (serial + ((1 - serial) / c)) * (c > 1 ? 1.02 : 1))]);
    }

    private static void AssertFits(PartPlan plan, PartTimes[] parts, int cores)
    {
        Assert.All(plan.Threads, t => Assert.True(Counts.Contains(t) && t <= cores));
        Assert.Equal(Enumerable.Range(0, parts.Length), plan.Order.Order());
        Assert.Equal(PartPlan.FinishOf(parts, plan.Threads, plan.Order, cores), plan.Finish);
    }

    private static double Optimum(PartTimes[] parts, int cores) => Allotments(parts.Length, cores)
        .Min(threads => Orders(parts.Length).Min(order => PartPlan.FinishOf(parts, threads, order, cores)));

    private static IEnumerable<int[]> Allotments(int parts, int cores) => parts == 0
        ? [[]]
        : Allotments(parts - 1, cores).SelectMany(rest => Counts.Where(c => c <= cores).Select(c => (int[])[.. rest, c]));

    private static IEnumerable<int[]> Orders(int parts) => parts == 0
        ? [[]]
        : Orders(parts - 1).SelectMany(rest => Enumerable.Range(0, parts).Select(at => (int[])[.. rest[..at], parts - 1, .. rest[at..]]));
}
