using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Cores;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Xunit;

namespace Cleave.Runtime.Tests.Modes;

/// <summary>Runners that share a ledger: which sessions they make.</summary>
public sealed class RunnerModesTests : RunnerModesHost
{
    [Fact]
    public void With_sixteen_cores_sessions_are_made_for_the_shares_that_occur()
    {
        CoreLedger ledger = Ledger(16);
        using LooseRunner runner = Runner(ledger, 16, Rows(1, 2, 4, 8, 16));
        Ask(runner, 30);
        Open(runner, 4);
        // No request waited for a session.
        Assert.All(Makers, name => Assert.Equal("Cleave test opener", name));
        // Nothing else ran: all cores, and one thread to compare them with.
        Assert.Equal([16, 1], Threads());
        Assert.Equal([16, 8, 4, 2, 1], Enumerable.Range(0, runner.Engine.Modes.Count).Select(m => runner.Engine.Modes.Cores(m)));
        // Two others run all the time, each with the cores it is offered.
        ledger.Enter(ledger.Now);
        ledger.Enter(ledger.Now);
        Ask(runner, 20);
        Open(runner, 2);
        Assert.Equal([16, 1, 4], Threads());
        Assert.InRange(runner.Engine.Modes.Find(2)!.Requests, 0, 20);
        Ask(runner, 20);
        Assert.InRange(runner.Engine.Modes.Find(2)!.Requests, 20, 40);
        Assert.Equal((2, 2), (ledger.InFlight, ledger.Busy));
    }

    [Fact]
    public void With_sixteen_cores_two_requests_at_once_have_eight_threads_each()
    {
        CoreLedger ledger = Ledger(16);
        using LooseRunner runner = Runner(ledger, 16, Rows(1, 2, 4, 8, 16));
        RunnerModes modes = runner.Engine.Modes;
        Turn[] two = [];
        Assert.True(SpinWait.SpinUntil(() => (two = Together(runner, 2)).All(static t => t.Index == 1) && two[0].Mode != two[1].Mode, Patience));
        Assert.Equal([8, 8], two.Select(static t => t.Mode.Cores));
        Assert.NotSame(two[0].Mode.Plan.Sessions[0], two[1].Mode.Plan.Sessions[0]);
        Assert.NotEqual(two[0].Mode.Place, two[1].Mode.Place);
        // However often they meet, there is no third.
        for (int i = 0; i < 100; i++)
            Assert.True(Together(runner, 2).All(static t => t.Index == 1));
        Assert.Equal(2, modes.Instances(1).Length);
        Assert.Equal([16, 8, 8], Threads().Where(static t => t > 1));
        Assert.Equal(2, new RunnerSnapshot(new OpenRunner("test", modes, runner.Engine.Times)).Modes[1].Instances);
        // Five at once: as many quarters as fit would be too many, so they are eighths.
        Assert.True(SpinWait.SpinUntil(() => Together(runner, 5).All(static t => t.Mode.Cores == 2), Patience));
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [Fact]
    public void Instances_of_a_split_have_lanes_of_their_own_and_share_sessions_of_one_thread()
    {
        ModelDefinition plain = Definitions.Of(Towers.Model());
        using LooseRunner runner = Towers.Runner(
            new() { Cores = 4, Ledger = Ledger(4) }, new Budget(2, Towers.Plan, 1, 1), new Budget(4, Definitions.Whole(plain.Inputs, plain.Outputs), 4));
        float[][] inputs = [.. Enumerable.Range(0, 2).Select(Towers.Input)], expected = [.. inputs.Select(x => Run(runner, x))];
        Turn[] two = [];
        Assert.True(SpinWait.SpinUntil(() => (two = Together(runner, 2)).All(static t => t.Index == 1) && two[0].Mode != two[1].Mode, Patience));
        Assert.NotSame(two[0].Mode.Crew, two[1].Mode.Crew);
        Assert.Equal(two[0].Mode.Plan.Sessions, two[1].Mode.Plan.Sessions);
        Parallel.For(0, 2, client =>
        {
            for (int i = 0; i < 500; i++)
                Assert.Equal(expected[client], Run(runner, inputs[client]), Near);
        });
    }

    [Fact]
    public void One_core_one_session()
    {
        CoreLedger ledger = Ledger(1);
        using LooseRunner runner = Runner(ledger, 1, Rows(1, 2));
        Ask(runner, 100);
        Assert.Equal([1], Threads());
        Assert.Equal(1, runner.Engine.Modes.Count);
    }

    [Theory]
    [InlineData(RunnerHint.Throughput)]
    [InlineData(RunnerHint.Background)]
    public void For_throughput_and_in_the_background_there_is_one_thread(RunnerHint hint)
    {
        CoreLedger ledger = Ledger(4);
        using LooseRunner runner = Runner(ledger, 4, Rows(1, 4), o => o.Hint = hint);
        Ask(runner, 50);
        Assert.Equal([1], Threads());
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RunnerOptions { Hint = (RunnerHint)9 });
    }

    [Fact]
    public void A_deterministic_runner_has_one_mode()
    {
        using LooseRunner runner = Runner(Ledger(4), 4, Rows(1, 4), o => o.Deterministic = true);
        Ask(runner, 50);
        Assert.Equal([4], Threads());
    }

    [Fact]
    public void Where_memory_is_short_there_is_one_session_and_a_line_says_so()
    {
        using LooseRunner runner = Runner(Ledger(4), 4, Rows(1, 4), o => o.MaxMemory = 1);
        Ask(runner, 50);
        Assert.True(SpinWait.SpinUntil(() => Logger.Lines.Any(static l => l.Contains("does not open another mode")), Patience));
        Assert.Equal([4], Threads());
        string line = Assert.Single(Logger.Lines, l => l.Contains("does not open another mode"));
        Assert.Contains("Whole with 1 thread", line);
        Assert.Contains("RunnerOptions.MaxMemory", line);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RunnerOptions { MaxMemory = -1 });
    }

    [Fact]
    public void Further_sessions_of_all_runners_share_the_memory_that_is_left()
    {
        using TempFolder folder = new();
        CoreLedger ledger = Ledger(4);
        LooseRunner Small(Action<RunnerOptions>? change = null) => Runner(ledger, 4, Rows(1, 4), o =>
        {
            o.Files = new ProcessFiles(folder.Path);
            change?.Invoke(o);
        });
        using LooseRunner first = Small(), second = Small(), own = Small(static o => o.MaxMemory = 1L << 30);
        // As if a request of another runner were in flight: a mode for fewer cores is missed.
        ledger.Enter(ledger.Now);
        // Enough for one: together they may not take more than they leave.
        long session = first.Engine.Modes.Memory.Taken;
        folder.Write("proc/meminfo", $"MemAvailable: {5 * session / 2048} kB\n");
        Opens(first);
        Ask(second, 50);
        Assert.Null(second.Engine.Modes.Find(1));
        Assert.Contains(Logger.Lines, static l => l.Contains("does not open another mode") && l.EndsWith(" of further sessions in the process", StringComparison.Ordinal));
        // One with a limit of its own goes by that.
        Opens(own);
        first.Dispose();
        Opens(second);

        void Opens(LooseRunner runner)
        {
            Ask(runner, 50);
            Open(runner, 1);
        }
    }

    [Fact]
    public void Where_the_plan_has_one_thread_all_cores_are_tried()
    {
        using LooseRunner runner = Runner(Ledger(4), 4, Rows(1));
        Ask(runner, 19);
        Assert.Equal([1], Threads());
        Ask(runner, 11);
        Open(runner, 0);
        Assert.Equal([1, 4], Threads());
        Ask(runner, 60);
        Assert.True(runner.Engine.Modes.Find(0)!.Requests >= 7);
    }

    [Fact]
    public void What_ConfigureSession_says_of_threads_is_final()
    {
        using LooseRunner runner = Runner(Ledger(4), 4, Rows(1, 4), o => o.ConfigureSession = static (options, _) => options.IntraOpNumThreads = 2);
        Ask(runner, 50);
        Assert.Contains("ConfigureSession set its threads", Assert.Single(Logger.Lines, l => l.Contains("does not open another mode")));
        Assert.Null(runner.Engine.Modes.Find(1));
    }

    [Fact]
    public void A_mode_that_cannot_be_opened_is_done_without()
    {
        using LooseRunner runner = Runner(Ledger(4), 4, Rows(1, 4), o => o.ConfigureSession = static (options, segment) =>
        {
            // Of one thread ONNX Runtime does not look at affinities: an option that it refuses anywhere.
            if (segment.Threads == 1)
                throw new InvalidOperationException("not this one");
        });
        Ask(runner, 50);
        Assert.True(SpinWait.SpinUntil(() => Logger.Warnings.Length > 0, Patience));
        Assert.Contains("goes on without: not this one", Assert.Single(Logger.Warnings));
        Ask(runner, 50);
        Assert.Null(runner.Engine.Modes.Find(1));
    }

    [Fact]
    public void Modes_that_cannot_be_opened_take_no_place_of_others()
    {
        using LooseRunner runner = Runner(Ledger(16), 16, Rows(1, 2, 4, 8, 16), o => o.ConfigureSession = static (_, segment) => Refuse(segment.Threads is 4 or 8));
        RunnerEngine engine = runner.Engine;
        // Two requests that meet would have eight threads each, four would have four.
        Assert.True(SpinWait.SpinUntil(() => Together(runner, 2).Length > 0 && Logger.Warnings.Length == 1, Patience));
        Assert.True(SpinWait.SpinUntil(() => Together(runner, 4).Length > 0 && Logger.Warnings.Length == 2, Patience));
        // Each of eight gets a session of two threads.
        Assert.True(SpinWait.SpinUntil(() => Together(runner, 8).Length > 0 && (engine.Modes.Instances(3).Length == 8 || runner.Engine != engine), Patience));
        Assert.Same(engine, runner.Engine);
    }

    [Fact]
    public void Nor_do_sessions_for_parts_that_cannot_be_opened()
    {
        using LooseRunner runner = Runner(Ledger(16), 16, Rows(1, 2, 4, 8, 16), o => o.ConfigureSession = static (_, segment) => Refuse(segment.Threads is 3 or 5 or 6 or 7));
        RunnerModes modes = runner.Engine.Modes;
        foreach (int threads in new[] { 3, 5, 6, 7 })
        {
            int warnings = Logger.Warnings.Length;
            Parts(8, threads);
            Assert.True(SpinWait.SpinUntil(() => Logger.Warnings.Length > warnings, Patience));
        }
        Parts(8, 9);
        Assert.True(SpinWait.SpinUntil(() => modes.ForParts.Length == 1, Patience));
        Assert.Equal(9, modes.ForParts[0].Cores);

        void Parts(int count, int threads)
        {
            for (int i = 0; i < count; i++)
                modes.Leave(modes.EnterPart(threads, CancellationToken.None));
        }
    }

    private static void Refuse(bool refuses)
    {
        if (refuses)
            throw new InvalidOperationException("not this one");
    }

    [Fact]
    public void One_before_the_planned_mode_that_there_was_no_memory_for_is_asked_for_again()
    {
        using TempFolder folder = new();
        folder.Write("proc/meminfo", "MemAvailable: 1 kB\n");
        using LooseRunner runner = Runner(Ledger(4), 4, Rows(1), o => o.Files = new ProcessFiles(folder.Path));
        Ask(runner, 20);
        Refused(1);
        Ask(runner, 16);
        Refused(2);
        folder.Write("proc/meminfo", "MemAvailable: 4000000 kB\n");
        Ask(runner, 31);
        Assert.Null(runner.Engine.Modes.Find(0));
        Ask(runner, 1);
        Open(runner, 0);

        void Refused(int times) => Assert.True(SpinWait.SpinUntil(
            () => Logger.Lines.Count(static l => l.Contains("does not open another mode of test, Whole with 4 threads", StringComparison.Ordinal)) == times, Patience));
    }

    [Fact]
    public void Two_runners_know_of_each_other()
    {
        CoreLedger ledger = Ledger(2);
        using LooseRunner one = Runner(ledger, 2, Rows(1, 2)), other = Runner(ledger, 2, Rows(1, 2));
        Ask(one, 30);
        Open(one, 1);
        // As if a request of the other were in flight.
        ledger.Enter(ledger.Now);
        long wide = one.Engine.Modes.Planned.Requests;
        Ask(one, 20);
        Assert.Equal(wide, one.Engine.Modes.Planned.Requests);
        ledger.Leave(1, ledger.Now);
        Clock.Pass(31);
        Ask(other, 3);
        Assert.Equal(3, other.Engine.Modes.Planned.Requests);
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [Fact]
    public void Every_change_of_mode_is_logged_with_what_runs()
    {
        CoreLedger ledger = Ledger(2);
        using LooseRunner runner = Runner(ledger, 2, Rows(1, 2));
        Ask(runner, 20);
        Open(runner, 1);
        ledger.Enter(ledger.Now);
        Ask(runner, 1);
        Assert.Contains(Logger.Lines, l => l == "Cleave runs test as Whole with 1 thread from now on: 2 requests in the process use 2 of 2 cores");
        Assert.Contains(Logger.Lines, l => l.StartsWith("Cleave opens another mode of test: Whole with 1 thread, about ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_thousand_runners_in_one_process()
    {
        CoreLedger ledger = Ledger(2);
        LooseRunner[] runners = [.. Enumerable.Range(0, 1000).Select(_ => Runner(ledger, 2, Rows(1)))];
        float[] x = Towers.Input(3), y = Run(runners[0], x);
        foreach (LooseRunner runner in runners)
            Assert.Equal(y, Run(runner, x), Near);
        Parallel.ForEach(runners, static runner => runner.Dispose());
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [Fact]
    public void Disposal_waits_for_a_mode_that_is_being_opened()
    {
        for (int i = 0; i < 20; i++)
        {
            LooseRunner runner = Runner(Ledger(2), 2, Rows(1, 2));
            Ask(runner, 25);
            runner.Dispose();
        }
        Assert.Empty(Logger.Warnings);
    }
}
