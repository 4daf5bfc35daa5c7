using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Tuning;
using Cleave.Cores;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Modes;
using Cleave.Runtime.Tests.Support;
using Cleave.Tuning;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>Runners whose process gets more cores, or fewer, while they are open.</summary>
public sealed class ChangingCoresTests : RunnerModesHost, IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_runner_grows_with_its_container()
    {
        int cores = 1;
        CoreLedger ledger = Following(() => cores);
        using LooseRunner runner = Runner(ledger, 1, Rows(1, 2, 4), o => o.Cores = null);
        Ask(runner, 10);
        RunnerEngine before = runner.Engine;
        Assert.Equal(1, before.Modes.Count);
        cores = 4;
        ledger.Cores.Read();
        // Requests go on, in the old engine until the new one is there.
        Assert.True(SpinWait.SpinUntil(() => Run(runner, Towers.Input(1)).Length > 0 && runner.Engine != before, Patience));
        Assert.Equal([4, 2, 1], Enumerable.Range(0, runner.Engine.Modes.Count).Select(m => runner.Engine.Modes.Cores(m)));
        // It does not shrink: what the ledger offers is enough for that.
        RunnerEngine grown = runner.Engine;
        cores = 2;
        ledger.Cores.Read();
        Ask(runner, 10);
        Assert.Same(grown, runner.Engine);
        Assert.Empty(Logger.Warnings);
    }

    [Fact]
    public async Task A_runner_grows_only_where_there_is_room_for_both_sets_of_sessions()
    {
        int cores = 1;
        CoreLedger ledger = Following(() => cores);
        await using LooseRunner runner = Runner(ledger, 1, Rows(1, 2, 4), o => (o.Cores, o.MaxMemory) = (null, 1));
        RunnerEngine before = runner.Engine;
        // They also go and come back.
        foreach ((int now, int warnings) in new[] { (2, 1), (4, 2), (1, 2), (4, 3) })
        {
            cores = now;
            ledger.Cores.Read();
            Ask(runner, 10);
            Assert.True(SpinWait.SpinUntil(() => Logger.Warnings.Length == warnings, Patience));
            Ask(runner, 10);
            await AfterReloads(runner);
            Assert.Equal(warnings, Logger.Warnings.Length);
        }
        Assert.Same(before, runner.Engine);
        Assert.All(Logger.Warnings, static w => Assert.Contains("goes on as it is: there is no room for other sessions beside those that are open", w));
        Assert.Contains("RunnerOptions.MaxMemory allows", Logger.Warnings[0]);
    }

    [Fact]
    public async Task Changes_that_wait_for_their_turn_open_it_once()
    {
        int cores = 1;
        CoreLedger ledger = Following(() => cores);
        await using LooseRunner runner = Runner(ledger, 1, Rows(1, 2, 4), o => o.Cores = null);
        RunnerEngine before = runner.Engine;
        EngineReload held = await before.Home.OpenBesideAsync(before.Model.Source, CancellationToken.None);
        foreach (int more in new[] { 2, 4 })
        {
            cores = more;
            ledger.Cores.Read();
            Ask(runner, 1);
        }
        await held.EndAsync();
        await AfterReloads(runner);
        Assert.NotSame(before, runner.Engine);
        Assert.Equal([4, 2, 1], Enumerable.Range(0, runner.Engine.Modes.Count).Select(m => runner.Engine.Modes.Cores(m)));
        // What has grown, and what was opened to wait for that.
        Assert.Equal(2, Threads().Count(static t => t == 4));
        Assert.Empty(Logger.Warnings);
    }

    [Fact]
    public void Where_cores_are_taken_away_requests_have_no_more_threads_than_are_left()
    {
        int cores = 4;
        CoreLedger ledger = Following(() => cores);
        using LooseRunner runner = Runner(ledger, 4, Rows(1, 2, 4), o => o.Cores = null);
        RunnerEngine engine = runner.Engine;
        Ask(runner, 10);
        Assert.Equal(10, engine.Modes.Planned.Requests);
        cores = 2;
        ledger.Cores.Read();
        // Missed eight times, it is opened beside the requests.
        Ask(runner, 8);
        Open(runner, 1);
        long wide = engine.Modes.Planned.Requests, half = engine.Modes.Find(1)!.Requests;
        Ask(runner, 30);
        Assert.Equal(wide, engine.Modes.Planned.Requests);
        Assert.Equal(half + 30, engine.Modes.Find(1)!.Requests);
        cores = 1;
        ledger.Cores.Read();
        Ask(runner, 8);
        Open(runner, 2);
        long one = engine.Modes.Find(2)!.Requests;
        Ask(runner, 30);
        Assert.Equal(one + 30, engine.Modes.Find(2)!.Requests);
        // The runner is the same, and every session was made beside the requests.
        Assert.Same(engine, runner.Engine);
        Assert.Equal([4, 2, 1], Threads());
        Assert.All(Makers, name => Assert.Equal("Cleave test opener", name));
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    /// <summary>With other threads equal inputs would not give equal bits.</summary>
    [Fact]
    public void A_deterministic_runner_stays_as_it_was_opened()
    {
        int cores = 1;
        CoreLedger ledger = Following(() => cores);
        using LooseRunner runner = Runner(ledger, 1, Rows(1, 4), o => (o.Cores, o.Deterministic) = (null, true));
        RunnerEngine before = runner.Engine;
        cores = 4;
        ledger.Cores.Read();
        Ask(runner, 20);
        Assert.Null(before.Modes.Growth.Grown);
        Assert.Same(before, runner.Engine);
        Assert.Equal([1], Threads());
    }

    [Theory]
    [InlineData("request")]
    [InlineData("lanes")]
    [InlineData("member")]
    [InlineData("part")]
    [InlineData("division")]
    [InlineData("background")]
    [InlineData("member in the background")]
    public void Whatever_comes_in_notices_more_cores(string way)
    {
        int cores = 1, seen = 0;
        CoreLedger ledger = Following(() => cores);
        RunnerHint hint = way.EndsWith("background", StringComparison.Ordinal) ? RunnerHint.Background : RunnerHint.Latency;
        using LooseRunner runner = Runner(ledger, 1, Rows(1, 2), o => (o.Cores, o.Hint) = (null, hint));
        RunnerModes modes = runner.Engine.Modes;
        modes.Growth.Grown = () => seen++;
        Pass();
        Assert.Equal(0, seen);
        cores = 2;
        ledger.Cores.Read();
        Pass();
        Assert.Equal(1, seen);
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));

        void Pass()
        {
            RunnerMode[] taken = new RunnerMode[1];
            if (way == "division")
                modes.Division.Leave(taken, modes.Division.TryEnter([1], static () => true, opens: false, taken)!.Value);
            else
                modes.Leave(Begin());
            Clock.Pass(0.5);
        }

        Turn Begin() => way switch
        {
            "lanes" => modes.EnterPlanned(CancellationToken.None),
            "member" or "member in the background" => modes.EnterOn(modes.Planned, CancellationToken.None),
            "part" => modes.EnterPart(1, CancellationToken.None),
            _ => modes.Enter(runner.Engine.Times.Of([]), CancellationToken.None),
        };
    }

    [Fact]
    public void A_runner_that_is_only_given_jobs_grows_too()
    {
        int cores = 1;
        CoreLedger ledger = Following(() => cores);
        using LooseRunner runner = Runner(ledger, 1, Rows(1, 2, 4), o => o.Cores = null);
        RunnerEngine before = runner.Engine;
        cores = 4;
        ledger.Cores.Read();
        Assert.True(SpinWait.SpinUntil(() => Job() && runner.Engine != before, Patience));
        Assert.Equal(4, runner.Engine.Abreast);

        bool Job()
        {
            foreach (LooseOutput output in runner.RunMany([Towers.Request(Towers.Input(1)), Towers.Request(Towers.Input(2))]))
                output.Dispose();
            return true;
        }
    }

    /// <summary>Their queues and threads are for so many requests at once as there are cores.</summary>
    [Theory]
    [InlineData(RunnerHint.Throughput)]
    [InlineData(RunnerHint.Background)]
    public void A_runner_whose_requests_have_one_core_each_grows_too(RunnerHint hint)
    {
        int cores = 1;
        CoreLedger ledger = Following(() => cores);
        using LooseRunner runner = Runner(ledger, 1, Rows(1, 2, 4), o => (o.Cores, o.Hint) = (null, hint));
        RunnerEngine before = runner.Engine;
        cores = 4;
        // Requests have the number read again.
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                Clock.Pass(2);
                Run(runner, Towers.Input(1));
                return runner.Engine != before;
            },
            Patience));
        Assert.Equal(4, runner.Engine.Abreast);
        Assert.Equal([1, 1], Threads());
    }

    [Fact]
    public void Where_cores_are_taken_away_jobs_have_no_more_threads_than_are_left()
    {
        int cores = 4;
        CoreLedger ledger = Following(() => cores);
        using LooseRunner runner = Runner(ledger, 4, Rows(1, 2, 4), o => (o.Cores, o.Parts) = (null, new() { Policy = PartPolicy.Proportional }));
        RunnerEngine engine = runner.Engine;
        Assert.Equal([2, 2], Planned());
        cores = 2;
        ledger.Cores.Read();
        Assert.Equal([1, 1], Planned());
        Assert.Equal(2, engine.Abreast);
        Ask(runner, 8);
        Open(runner, 1);
        // As one that was planned before.
        Turn part = engine.Modes.EnterPart(4, CancellationToken.None);
        Assert.Equal((2, 2), (part.Mode.Cores, ledger.Busy));
        engine.Modes.Leave(part);
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));

        int[] Planned()
        {
            CallBuffers[] parts = [engine.Pool.Rent([]), engine.Pool.Rent([])];
            int[] threads = [.. engine.Jobs.Plan(parts, engine.Abreast).Select(static u => u.Threads)];
            Array.ForEach(parts, static p => p.Release(p.Generation));
            return threads;
        }
    }

    [Fact]
    public async Task Where_cores_go_and_come_while_a_job_is_planned_it_ends()
    {
        int cores = 4;
        CoreLedger ledger = Following(() => cores);
        // Cancelled, a job ends also where nobody comes for it.
        using CancellationTokenSource over = new(), late = new(Patience / 3);
        await using LooseRunner runner = Runner(ledger, 4, Rows(1, 2, 4), o => (o.Cores, o.Parts) = (null, new() { Policy = PartPolicy.Proportional }));
        Task changes = Task.Factory.StartNew(
            () =>
            {
                while (!over.IsCancellationRequested)
                {
                    cores = 5 - cores;
                    ledger.Cores.Read();
                }
            },
            TaskCreationOptions.LongRunning);
        try
        {
            for (int i = 0; i < 500; i++)
                Array.ForEach(await runner.RunManyAsync([Towers.Request(Towers.Input(1)), Towers.Request(Towers.Input(2))], late.Token), static o => o.Dispose());
        }
        finally
        {
            over.Cancel();
            await changes;
        }
    }

    [Fact]
    public void What_was_tuned_for_fewer_cores_is_not_taken_for_more()
    {
        int cores = 2;
        CoreLedger ledger = Following(() => cores);
        using LooseRunner runner = Tuned(ledger, Section(2, ("Whole", 2, 100), ("Whole", 1, 300)), Section(4, ("Whole", 4, 100), ("Whole", 2, 200), ("Whole", 1, 300)));
        RunnerEngine before = runner.Engine;
        Assert.Equal((2, "Whole with 2 threads"), (before.Tuning.Known!.Machine.Cores, before.Modes.Planned.Words));
        cores = 4;
        ledger.Cores.Read();
        Assert.True(SpinWait.SpinUntil(() => Run(runner, Towers.Input(1)).Length > 0 && runner.Engine != before, Patience));
        Assert.Equal((4, "Whole with 4 threads"), (runner.Engine.Tuning.Known!.Machine.Cores, runner.Engine.Modes.Planned.Words));
    }

    [Fact]
    public async Task What_was_tuned_for_more_cores_is_not_taken_for_fewer()
    {
        int cores = 4;
        CoreLedger ledger = Following(() => cores);
        using LooseRunner runner = Tuned(ledger, Section(4, ("Whole", 4, 100), ("Whole", 1, 300)));
        Assert.Equal("Whole with 4 threads", runner.Engine.Modes.Planned.Words);
        foreach (int left in new[] { 2, 1 })
        {
            cores = left;
            await runner.ReloadAsync(runner.Engine.Model.Source);
            Assert.Equal((null, left), (runner.Engine.Tuning.Known, runner.Engine.Modes.Planned.Cores));
        }
    }

    [Fact]
    public async Task A_reload_of_a_tuned_runner_keeps_what_requests_taught()
    {
        using LooseRunner runner = Tuned(Following(static () => 2), Section(2, ("Whole", 2, 100), ("Whole", 1, 300)));
        RunnerEngine before = runner.Engine;
        ModeTimes size = before.Times.Of([]).Size;
        Assert.Equal(100 / 300.0, before.Times.Relative(0)!.Value, 1e-6);
        size.Current = 1;
        for (int i = 0; i < 30; i++)
            size.Compare(0, 2);
        Assert.Equal(2, before.Times.Relative(0));
        // One that comes to nothing, and one that does not.
        EngineReload held = await before.Home.OpenBesideAsync(before.Model.Source, CancellationToken.None);
        await held.EndAsync();
        Assert.Equal(2, before.Times.Relative(0));
        await runner.ReloadAsync(before.Model.Source);
        Assert.NotSame(before, runner.Engine);
        Assert.NotNull(runner.Engine.Tuning.Known);
        Assert.Equal(2, runner.Engine.Times.Relative(0));
    }

    [SkippableFact]
    public void A_pinned_runner_that_grows_gets_processors_for_its_new_lanes()
    {
        Skip.If(AffinityMask.Processors().Length < 2, "skipped: the process has one processor");
        int cores = 2;
        CoreLedger ledger = Following(() => cores);
        using LooseRunner runner = Towers.Runner(
            new() { Ledger = ledger, Plan = PlanChoice.Split, Pinning = true, Logger = Logger }, new(2, Towers.Plan, 1, 1), new(4, Towers.Plan, 2, 2));
        RunnerEngine before = runner.Engine;
        Assert.Equal([1, 1], before.Plan.Lease!.Threads);
        cores = 4;
        ledger.Cores.Read();
        Assert.True(SpinWait.SpinUntil(() => Run(runner, Towers.Input(1)).Length > 0 && runner.Engine != before, Patience));
        Assert.Equal([2, 2], runner.Engine.Plan.Threads);
        Assert.Equal([2, 2], runner.Engine.Plan.Lease!.Threads);
        Assert.Empty(Logger.Warnings);
    }

    // They go one after the other, in order.
    private static async Task AfterReloads(LooseRunner runner) =>
        await (await runner.Engine.Home.OpenBesideAsync(runner.Engine.Model.Source, CancellationToken.None)).EndAsync();

    // With these sections in the file beside the model.
    private LooseRunner Tuned(CoreLedger ledger, params TuningSection[] sections)
    {
        string model = _folder.Write("towers.onnx", Towers.Model().ToByteArray());
        File.WriteAllText(model + TuningFile.Ending, sections.Aggregate(TuningFile.Empty, static (file, section) => file.With(section)).Write());
        return Runner(ledger, 4, Rows(1, 2, 4), o => (o.Cores, o.Model) = (null, ModelSource.File(model)));
    }

    private static TuningSection Section(int cores, params (string Plan, int Threads, long Nanoseconds)[] times) => new(
        ThisMachine.Of(cores), Definitions.Of(Towers.Model()).Hash, true, [new TunedRequest([], [], [.. times.Select(static t => new TunedTime(t.Plan, [t.Threads], t.Nanoseconds, 9))])]);

    private CoreLedger Following(Func<int> cores) => new(new CoreCount(() => new CoreBudget(cores(), "test", null), Clock), Clock);
}
