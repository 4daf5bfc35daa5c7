using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Jobs;
using Cleave.Modes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Jobs;

/// <summary>That jobs run as their options say: the policy, and what counts as the weight of a part.</summary>
public sealed class PartPolicyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly int[] Sizes = [512, 128, 64, 64];

    // Whatever their size, parts take as long, and are the faster the more threads they have.
    private static readonly PredictedTimes Alike = new([1, 2, 4, 8, 16], new(1, 1, 16000, 8000, 4000, 2000, 1000), new(1000, 1, 16000, 8000, 4000, 2000, 1000));

    [Theory]
    [InlineData(PartPolicy.One, PartWeights.Predicted, new[] { 1, 1, 1, 1 })]
    [InlineData(PartPolicy.Proportional, PartWeights.InputSize, new[] { 11, 3, 1, 1 })]
    public async Task A_job_runs_with_the_threads_that_its_policy_gives(PartPolicy policy, PartWeights weights, int[] threads)
    {
        SizedModel model = new() { Times = Alike };
        using LooseRunner runner = model.Runner(16, o => o.Parts = new() { Policy = policy, Weights = weights });
        RunnerModes modes = runner.Engine.Modes;
        // Sessions are opened as they are missed.
        Assert.True(SpinWait.SpinUntil(() => SizedModel.AreRight(runner.RunMany(SizedModel.Parts(Sizes)), Sizes) && HasSessions(modes, threads), Patience));

        using Barrier all = new(5);
        model.InRun = () => Assert.True(all.SignalAndWait(Patience));
        Task<LooseOutput[]> job = runner.RunManyAsync(SizedModel.Parts(Sizes));
        // All four run, and stay until they have been looked at.
        Assert.True(SpinWait.SpinUntil(() => all.ParticipantsRemaining == 1, Patience));
        Assert.Equal(threads, Running(modes).OrderDescending());
        Assert.Equal((4, threads.Sum()), (modes.Ledger.InFlight, modes.Ledger.Busy));
        Assert.True(all.SignalAndWait(Patience));
        Assert.True(SizedModel.AreRight(await job.WaitAsync(Patience), Sizes));
        Assert.InRange(model.Made.Count(static t => t > 1), 1, PartSessions.MostThick);
    }

    [Theory]
    [InlineData(PartWeights.Predicted, new[] { 1, 0 })]
    [InlineData(PartWeights.Measured, new[] { 0, 1 })]
    public async Task What_jobs_took_decides_only_where_that_is_asked_for(PartWeights weights, int[] order)
    {
        SizedModel model = new();
        using LooseRunner runner = model.Runner(1, o => o.Parts = new() { Weights = weights });
        int[] sizes = [10, 20];
        Assert.Equal([1, 0], Order());
        // The smaller one, which runs last, takes longer than anything that may hold up the larger one.
        int runs = 0;
        model.InRun = () =>
        {
            if (Interlocked.Increment(ref runs) == 2)
                Thread.Sleep(TimeSpan.FromSeconds(1));
        };
        Assert.True(SizedModel.AreRight(await runner.RunManyAsync(SizedModel.Parts(sizes)).WaitAsync(Patience), sizes));
        Assert.Equal(order, Order());

        IEnumerable<int> Order()
        {
            CallBuffers[] parts = [.. sizes.Select(size => runner.Engine.Pool.Rent([size]))];
            JobUnit[] units = runner.Engine.Jobs.Plan(parts, runner.Engine.Abreast);
            foreach (CallBuffers part in parts)
                part.Release(part.Generation);
            return units.SelectMany(static u => u.Positions);
        }
    }

    /// <summary>In equal shares of 16 cores each of the four parts has 4, whatever its size.</summary>
    [Fact]
    public void When_a_job_is_over_is_expected_by_what_is_predicted()
    {
        using LooseRunner runner = new SizedModel { Times = Alike }.Runner(16, o => o.Parts = new() { Policy = PartPolicy.Equal });
        CallBuffers[] parts = [.. Sizes.Select(size => runner.Engine.Pool.Rent([size]))];
        Assert.Equal(4000, runner.Engine.Jobs.Finish(parts, runner.Engine.Abreast));
    }

    private static bool HasSessions(RunnerModes modes, int[] threads) =>
        threads.Where(static t => t > 1).GroupBy(static t => t).All(alike => Open(modes).Count(m => m.Cores == alike.Key) >= alike.Count())
        && (!threads.Contains(1) || Open(modes).Any(static m => m.Cores == 1));

    // The threads of each part that runs.
    private static IEnumerable<int> Running(RunnerModes modes) => Open(modes).SelectMany(static m => Enumerable.Repeat(m.Cores, m.Running));

    private static IEnumerable<RunnerMode> Open(RunnerModes modes) => Enumerable.Range(0, modes.Count).SelectMany(modes.Instances).Concat(modes.ForParts);
}
