using System;
using System.Linq;
using Cleave.Core.Parts;
using Xunit;

namespace Cleave.Core.Tests.Parts;

/// <summary>Which parts run together.</summary>
public sealed class PartMergerTests
{
    [Fact]
    public void Where_a_batch_takes_hardly_more_than_one_all_run_together_but_for_each_core()
    {
        JobPlan plan = Plan(cores: 2, new PartGroup(64, 32, Batch(fixedPart: 10, each: 1)));
        Assert.Equal([32, 32], plan.Batches.Select(b => b.Count));
        Assert.Equal([0, 32], plan.Batches.Select(b => b.First));
    }

    [Fact]
    public void Where_nothing_is_gained_each_runs_alone()
    {
        JobPlan plan = Plan(cores: 2, new PartGroup(64, 32, Batch(fixedPart: 0, each: 1)));
        Assert.Equal(64, plan.Batches.Length);
        Assert.Equal(32, plan.Plan.Finish);
    }

    [Theory]
    [InlineData(0.97, 8)]
    [InlineData(0.99, 16)]
    public void A_batch_that_gains_three_percent_pays_and_one_that_gains_one_does_not(double eachInABatch, int batches)
    {
        JobPlan plan = Plan(cores: 1, new PartGroup(16, 16, samples => new PartTimes([1], [samples == 1 ? 100 : 100 * eachInABatch * samples])));
        Assert.Equal(batches, plan.Batches.Length);
    }

    [Fact]
    public void Cores_that_would_have_nothing_to_do_are_worth_more()
    {
        // Together 10 + 8, apart 11 each on eight cores.
        JobPlan plan = Plan(cores: 8, new PartGroup(8, 32, Batch(fixedPart: 10, each: 1)));
        Assert.Equal(8, plan.Batches.Length);
    }

    [Fact]
    public void Short_ones_run_together_and_long_ones_beside_them()
    {
        JobPlan plan = Plan(cores: 2, new PartGroup(2, 32, Batch(0, 60)), new PartGroup(40, 32, Batch(fixedPart: 4, each: 1)));
        Assert.Equal([1, 1], plan.Batches.Where(b => b.Group == 0).Select(b => b.Count));
        Assert.All(plan.Batches.Where(b => b.Group == 1), b => Assert.InRange(b.Count, 2, 32));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(32)]
    public void Each_part_is_in_one_batch_and_the_plan_is_never_longer_than_without(int most)
    {
        Random random = new(11);
        for (int i = 0; i < 200; i++)
        {
            int cores = random.Next(1, 9);
            PartGroup[] groups = [.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => new PartGroup(random.Next(1, 30), most, Batch(random.NextDouble() * 10, random.NextDouble() + 0.1)))];
            JobPlan plan = Plan(cores, groups);
            for (int g = 0; g < groups.Length; g++)
            {
                Assert.Equal(Enumerable.Range(0, groups[g].Count), plan.Batches.Where(b => b.Group == g).SelectMany(b => Enumerable.Range(b.First, b.Count)).Order());
                Assert.All(plan.Batches, b => Assert.InRange(b.Count, 1, most));
            }
            Assert.True(plan.Plan.Finish <= Plan(cores, Array.ConvertAll(groups, g => g with { Most = 1 })).Plan.Finish);
        }
    }

    private static JobPlan Plan(int cores, params PartGroup[] groups) =>
        PartMerger.Plan(groups, parts => PartPlan.LongestFirst(parts, ThreadShares.One(parts.Count), cores));

    private static Func<int, PartTimes> Batch(double fixedPart, double each) => samples => new PartTimes([1], [fixedPart + (each * samples)]);
}
