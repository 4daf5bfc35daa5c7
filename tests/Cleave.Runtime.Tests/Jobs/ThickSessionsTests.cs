using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Jobs;

/// <summary>A runner has a few sessions of several threads at most, whoever asks for them, requests that meet, parts of jobs, or both; and what happens to those that find none.</summary>
public sealed class ThickSessionsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly SizedModel _model = new();

    [Fact]
    public async Task Equal_shares_of_more_parts_than_there_may_be_sessions_run_all_at_once()
    {
        const int Parts = 8;
        int[] sizes = [.. Enumerable.Repeat(100, Parts)];
        using LooseRunner runner = _model.Runner(16, static o => o.Parts = new() { Policy = PartPolicy.Equal });
        RunnerModes modes = runner.Engine.Modes;
        CallBuffers[] bound = [.. sizes.Select(size => runner.Engine.Pool.Rent([size]))];
        Assert.All(runner.Engine.Jobs.Plan(bound, runner.Engine.Abreast), static unit => Assert.Equal(2, unit.Threads));
        Array.ForEach(bound, static part => part.Release(part.Generation));
        // Each keeps its threads for a while, so that others meet it: only what is missed is opened.
        _model.InRun = static () => Thread.Sleep(1);
        // Beside the planned one there is room for four; the other parts share the one of one thread, which is opened for them.
        Assert.True(SpinWait.SpinUntil(() => SizedModel.AreRight(runner.RunMany(SizedModel.Parts(sizes)), sizes) && Open(modes).Count() == 6, Patience));
        Assert.Equal([16, 2, 2, 2, 2, 1], Open(modes).Select(static m => m.Cores).OrderDescending());

        using Barrier all = new(Parts + 1);
        _model.InRun = () => Assert.True(all.SignalAndWait(Patience));
        Task<LooseOutput[]> job = runner.RunManyAsync(SizedModel.Parts(sizes));
        // All of them run, and stay until they have been looked at: none waits for another.
        Assert.True(SpinWait.SpinUntil(() => all.ParticipantsRemaining == 1, Patience));
        Assert.Equal([1, 1, 1, 1, 2, 2, 2, 2], Open(modes).SelectMany(static m => Enumerable.Repeat(m.Cores, m.Running)).Order());
        Assert.Equal((Parts, 12), (modes.Ledger.InFlight, modes.Ledger.Busy));
        Assert.True(all.SignalAndWait(Patience));
        Assert.True(SizedModel.AreRight(await job.WaitAsync(Patience), sizes));
        _model.InRun = static () => Thread.Yield();

        // However often it is missed: parts of jobs have no sessions exchanged.
        for (int i = 0; i < 100; i++)
            Assert.True(SizedModel.AreRight(runner.RunMany(SizedModel.Parts(sizes)), sizes));
        Assert.Same(modes, runner.Engine.Modes);
        Assert.Equal(6, Open(modes).Count());
        Assert.Equal((0, 0), (modes.Ledger.InFlight, modes.Ledger.Busy));
    }

    [Theory]
    [InlineData(0, 8)]
    [InlineData(1, 8 + 16)]
    [InlineData(3, 8 + 16 + 32 + 64)]
    public void Sessions_are_exchanged_for_requests_that_meet_the_more_rarely_the_more_often_they_were(int before, int missed)
    {
        // The clock stands still: what ran at once is not forgotten.
        using LooseRunner runner = _model.Runner(16, static o => o.Ledger = Ledgers.Own(16, new ManualClock()));
        RunnerModes modes = runner.Engine.Modes;
        List<int[]> exchanged = [];
        modes.Exchange.Exchanges = before;
        modes.Exchange.Reconfigures = (threads, _) => exchanged.Add(threads);
        Assert.True(SpinWait.SpinUntil(() => Together(runner, 2) && modes.Instances(1).Length == 2, Patience));
        // With these two and two for three requests at once there are five, and the third one has none.
        Assert.True(SpinWait.SpinUntil(() => Together(runner, 3) && modes.Instances(2).Length == 2, Patience));
        Assert.Equal(5, Open(modes).Count(static m => m.Cores > 1));
        int times = 0;
        for (; exchanged.Count == 0 && times < 10 * missed; times++)
            Together(runner, 3);
        // In the round in which the last one was opened, it may have been missed already.
        Assert.InRange(times, missed - 3, missed);
        Assert.Equal([4, 4, 4, 4], Assert.Single(exchanged).Where(static t => t > 1));
        Assert.Equal(before + 1, modes.Exchange.Exchanges);
        // Once: what takes its place has its own.
        for (int i = 0; i < 1000; i++)
            Together(runner, 3);
        Assert.Single(exchanged);
        Assert.Equal(5, Open(modes).Count(static m => m.Cores > 1));
    }

    [Fact]
    public void Where_there_is_no_room_for_an_exchange_it_is_asked_for_again()
    {
        long session;
        using (LooseRunner one = _model.Runner(1))
            session = one.Engine.Sessions.Factory.EstimatedBytes(one.Engine.Plan.Outline.Plan);
        ListLogger logger = new();
        // For those that are there before others have to go: five of several threads, and one of one, which a runner has that answered some requests.
        using LooseRunner runner = _model.Runner(16, o => (o.Ledger, o.Logger, o.MaxMemory) = (Ledgers.Own(16, new ManualClock()), logger, 6 * session));
        RunnerEngine engine = runner.Engine;
        Assert.True(SpinWait.SpinUntil(() => Together(runner, 1) && engine.Modes.Find(engine.Modes.Count - 1) != null, Patience));
        Assert.True(SpinWait.SpinUntil(() => Together(runner, 2) && engine.Modes.Instances(1).Length == 2, Patience));
        Assert.True(SpinWait.SpinUntil(() => Together(runner, 3) && engine.Modes.Instances(2).Length == 2, Patience));
        Assert.True(SpinWait.SpinUntil(() => Together(runner, 3) && Refusals() == 3, Patience));
        Assert.Same(engine, runner.Engine);
        // None was done: the engine after this one need not be patient.
        Assert.True(SpinWait.SpinUntil(() => engine.Modes.Exchange.Exchanges == 0, Patience));

        int Refusals() => logger.Warnings.Count(static w => w.Contains("goes on as it is: there is no room for other sessions", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stress_of_requests_and_jobs_of_all_kinds_keeps_the_limit_and_loses_nothing()
    {
        // For eight requests at once one each, beside the planned one.
        const int Clients = 10, Rounds = 150, Most = 1 + 8;
        LooseRunner runner = _model.Runner(16, static o => o.Parts = new() { Policy = PartPolicy.Equal });
        int most = 0;
        // Each keeps its cores for a while, so that others meet it.
        _model.InRun = static () => Thread.Yield();
        Task[] clients = [.. Enumerable.Range(0, Clients).Select(seed => OwnThread.Run(() => Client(new Random(seed))))];
        Task all = Task.WhenAll(clients);
        while (!all.IsCompleted)
        {
            RunnerModes now = runner.Engine.Modes;
            most = Math.Max(most, Open(now).Count(static m => m.Cores > 1));
            Thread.Yield();
        }
        await all.WaitAsync(Patience);
        Assert.InRange(most, 2, Most);
        CoreLedger ledger = runner.Engine.Modes.Ledger;
        await runner.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));

        void Client(Random random)
        {
            for (int i = 0; i < Rounds; i++)
            {
                int[] sizes = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => random.Next(1, 200))];
                if (random.Next(2) == 0)
                    Assert.True(SizedModel.AreRight(runner.RunMany(SizedModel.Parts(sizes)), sizes));
                else
                    Assert.True(SizedModel.AreRight([runner.Run(SizedModel.Parts(sizes[0])[0])], sizes[0]));
            }
        }
    }

    // So many requests begin, one after another, and then end.
    private static bool Together(LooseRunner runner, int requests)
    {
        RunnerModes modes = runner.Engine.Modes;
        RequestTimes times = runner.Engine.Times.Of([1]);
        Turn[] turns = [.. Enumerable.Range(0, requests).Select(_ => modes.Enter(times, CancellationToken.None))];
        foreach (Turn turn in turns)
            modes.Leave(turn);
        return true;
    }

    private static IEnumerable<RunnerMode> Open(RunnerModes modes) => Enumerable.Range(0, modes.Count).SelectMany(modes.Instances).Concat(modes.ForParts);
}
