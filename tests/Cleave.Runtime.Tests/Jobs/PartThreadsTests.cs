using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Parts;
using Cleave.Jobs;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Jobs;

/// <summary>The threads that the parts of a job run on, on virtual cores.</summary>
public sealed class PartThreadsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly int[] Sizes = [512, 128, 64, 64];

    private readonly SizedModel _model = new();

    [Fact]
    public async Task On_sixteen_cores_parts_run_in_sessions_of_their_shares()
    {
        using LooseRunner runner = _model.Runner(16, o => o.Parts = new() { Policy = PartPolicy.Proportional, Weights = PartWeights.InputSize });
        RunnerModes modes = runner.Engine.Modes;
        Assert.Equal([11, 3, 1, 1], Threads(runner, Sizes));
        for (int i = 0; i < 10; i++)
            Assert.True(SizedModel.AreRight(runner.RunMany(SizedModel.Parts(Sizes)), Sizes));
        Assert.True(SpinWait.SpinUntil(() => modes.ForParts.Length == 2 && modes.Find(modes.Count - 1) != null, Patience));
        Assert.Equal([16, 11, 3, 1], _model.Made.OrderDescending());
        // None while a job waited for it.
        Assert.All(_model.Makers, name => Assert.Equal("Cleave test opener", name));

        using Barrier all = new(5);
        _model.InRun = () => Assert.True(all.SignalAndWait(Patience));
        Task<LooseOutput[]> job = runner.RunManyAsync(SizedModel.Parts(Sizes));
        // All four run, and stay until they have been looked at.
        Assert.True(SpinWait.SpinUntil(() => all.ParticipantsRemaining == 1, Patience));
        Assert.Equal([(11, 1), (3, 1)], modes.ForParts.Select(m => (m.Cores, m.Running)));
        Assert.Equal(2, modes.Find(modes.Count - 1)!.Running);
        Assert.Equal((4, 16), (modes.Ledger.InFlight, modes.Ledger.Busy));
        Assert.True(all.SignalAndWait(Patience));
        Assert.True(SizedModel.AreRight(await job.WaitAsync(Patience), Sizes));
        Assert.Equal((0, 0), (modes.Ledger.InFlight, modes.Ledger.Busy));
    }

    [Theory]
    [InlineData(PartPolicy.EarliestFinish)]
    [InlineData(PartPolicy.Proportional)]
    [InlineData(PartPolicy.Equal)]
    [InlineData(PartPolicy.One)]
    public void Whatever_jobs_come_there_are_five_sessions_of_several_threads_at_most(PartPolicy policy)
    {
        using LooseRunner runner = _model.Runner(16, o => o.Parts = new() { Policy = policy });
        Random random = new(2);
        for (int i = 0; i < 30; i++)
        {
            int[] sizes = [.. Enumerable.Range(0, random.Next(2, 9)).Select(_ => random.Next(1, 1000))];
            // As often as it takes to have its sessions opened.
            for (int again = 0; again < 9; again++)
                Assert.True(SizedModel.AreRight(runner.RunMany(SizedModel.Parts(sizes)), sizes));
        }
        runner.Dispose();
        Assert.InRange(_model.Made.Count(static t => t > 1), policy == PartPolicy.One ? 1 : 3, PartSessions.MostThick);
        Assert.All(_model.Makers, name => Assert.Equal("Cleave test opener", name));
    }

    [Fact]
    public void Where_memory_is_short_parts_share_the_one_session()
    {
        using LooseRunner runner = _model.Runner(16, o =>
        {
            o.Parts = new() { Policy = PartPolicy.Proportional };
            o.MaxMemory = 1;
        });
        for (int i = 0; i < 20; i++)
            Assert.True(SizedModel.AreRight(runner.RunMany(SizedModel.Parts(Sizes)), Sizes));
        Assert.Equal([16], _model.Made);
    }

    [Fact]
    public void More_parts_than_cores_start_the_longest_first()
    {
        using LooseRunner runner = _model.Runner(1);
        int[] sizes = [3, 900, 20, 500, 20, 1];
        Assert.Equal([1, 3, 2, 4, 0, 5], runner.Engine.Jobs.Plan(Bound(runner, sizes), runner.Engine.Abreast).SelectMany(static u => u.Positions));
        Assert.True(SizedModel.AreRight(runner.RunMany(SizedModel.Parts(sizes)), sizes));
    }

    [Fact]
    public void No_more_run_at_once_than_there_are_cores()
    {
        int now = 0, most = 0;
        using LooseRunner runner = _model.Runner(3);
        _model.InRun = () =>
        {
            int running = Interlocked.Increment(ref now);
            lock (_model)
                most = Math.Max(most, running);
            Thread.Yield();
            Interlocked.Decrement(ref now);
        };
        int[] sizes = [.. Enumerable.Range(1, 60)];
        for (int i = 0; i < 20; i++)
            Assert.True(SizedModel.AreRight(runner.RunMany(SizedModel.Parts(sizes)), sizes));
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public void Where_other_requests_have_the_cores_one_part_runs_at_a_time()
    {
        CoreLedger ledger = Ledgers.Own(4);
        int now = 0;
        using LooseRunner runner = _model.Runner(4, o => o.Ledger = ledger);
        ledger.Enter(ledger.Now);
        ledger.Take(3);
        _model.InRun = () =>
        {
            Assert.Equal(1, Interlocked.Increment(ref now));
            Interlocked.Decrement(ref now);
        };
        int[] sizes = [.. Enumerable.Range(1, 40)];
        Assert.True(SizedModel.AreRight(runner.RunMany(SizedModel.Parts(sizes)), sizes));
        ledger.Leave(4, ledger.Now);
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10_000)]
    public async Task As_many_parts_as_there_are(int count)
    {
        using LooseRunner runner = _model.Runner(2);
        int[] sizes = [.. Enumerable.Range(0, count).Select(static i => i % 50)];
        Assert.True(SizedModel.AreRight(runner.RunMany(SizedModel.Parts(sizes)), sizes));
        Assert.True(SizedModel.AreRight(await runner.RunManyAsync(SizedModel.Parts(sizes)), sizes));
        Assert.Equal(0, runner.Engine.Pool.Rented);
    }

    [Fact]
    public void A_deterministic_runner_has_one_session_whatever_the_policy()
    {
        using LooseRunner runner = _model.Runner(4, o =>
        {
            o.Deterministic = true;
            o.Parts = new() { Policy = PartPolicy.Proportional };
        });
        for (int i = 0; i < 20; i++)
            Assert.True(SizedModel.AreRight(runner.RunMany(SizedModel.Parts(Sizes)), Sizes));
        Assert.Equal([4], _model.Made);
    }

    [Fact]
    public void What_was_measured_replaces_what_is_predicted()
    {
        MeasuredParts measured = new();
        PartTimes predicted = new([1, 2], [100, 60]);
        Assert.Equal([100, 60], Of([7]));
        measured.Add([7], 1, 3, predicted);
        Assert.Equal([3, 1.8], Of([7]));
        // Others in proportion.
        Assert.Equal([3, 1.8], Of([8]));
        measured.Add([7], 2, 2, predicted);
        Assert.Equal([3, 2], Of([7]));
        // A single one that took far too long counts as twice as long, and for a quarter.
        measured.Add([7], 1, 300, predicted);
        Assert.Equal([3.75, 2], Of([7]));

        double[] Of(int[] dims)
        {
            PartTimes times = measured.Of(dims, [1, 2], predicted);
            return [Math.Round(times.At(1), 9), Math.Round(times.At(2), 9)];
        }
    }

    [Fact]
    public void With_measured_weights_jobs_run_and_learn()
    {
        using LooseRunner runner = _model.Runner(2, o => o.Parts = new() { Weights = PartWeights.Measured });
        _model.InRun = () => Thread.Yield();
        for (int i = 0; i < 20; i++)
            Assert.True(SizedModel.AreRight(runner.RunMany(SizedModel.Parts(Sizes)), Sizes));
        Assert.True(runner.Engine.Jobs.Measures);
    }

    [Fact]
    public void Options_are_checked()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PartsOptions { Policy = (PartPolicy)9 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new PartsOptions { Weights = (PartWeights)9 });
    }

    // By position.
    private static int[] Threads(LooseRunner runner, int[] sizes)
    {
        int[] threads = new int[sizes.Length];
        foreach (JobUnit unit in runner.Engine.Jobs.Plan(Bound(runner, sizes), runner.Engine.Abreast))
            threads[Assert.Single(unit.Positions)] = unit.Threads;
        return threads;
    }

    private static Generated.CallBuffers[] Bound(LooseRunner runner, int[] sizes) =>
        [.. sizes.Select(size => runner.Engine.Pool.Rent([size]))];
}
