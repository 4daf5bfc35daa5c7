using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Ledger;

/// <summary>Runners that share a ledger: which sessions they make, and that results are the same in every mode.</summary>
public sealed class RunnerModesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ManualClock _clock = new();
    private readonly ListLogger _logger = new();
    private readonly ConcurrentQueue<(string Segment, int Threads)> _made = new();
    private readonly ConcurrentQueue<string?> _makers = new();

    [Fact]
    public void With_sixteen_cores_sessions_are_made_for_the_shares_that_occur()
    {
        CoreLedger ledger = Ledger(16);
        using LooseRunner runner = Runner(ledger, 16, Rows(1, 2, 4, 8, 16));
        Ask(runner, 30);
        Open(runner, 4);
        // No request waited for a session.
        Assert.All(_makers, name => Assert.Equal("Cleave test opener", name));
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
    public void A_runner_grows_with_its_container()
    {
        int cores = 1;
        CoreLedger ledger = new(new CoreCount(() => new CoreBudget(cores, "test", null), _clock), _clock);
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
        Assert.Empty(_logger.Warnings);
    }

    [Fact]
    public void Where_cores_are_taken_away_requests_have_no_more_threads_than_are_left()
    {
        int cores = 4;
        CoreLedger ledger = new(new CoreCount(() => new CoreBudget(cores, "test", null), _clock), _clock);
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
        Assert.All(_makers, name => Assert.Equal("Cleave test opener", name));
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    /// <summary>With other threads equal inputs would not give equal bits.</summary>
    [Fact]
    public void A_deterministic_runner_stays_as_it_was_opened()
    {
        int cores = 1;
        CoreLedger ledger = new(new CoreCount(() => new CoreBudget(cores, "test", null), _clock), _clock);
        using LooseRunner runner = Runner(ledger, 1, Rows(1, 4), o => (o.Cores, o.Deterministic) = (null, true));
        RunnerEngine before = runner.Engine;
        cores = 4;
        ledger.Cores.Read();
        Ask(runner, 20);
        Assert.Null(before.Modes.Outgrown);
        Assert.Same(before, runner.Engine);
        Assert.Equal([1], Threads());
    }

    [SkippableFact]
    public void A_pinned_runner_that_grows_gets_processors_for_its_new_lanes()
    {
        Skip.If(AffinityMask.Processors().Length < 2, "skipped: the process has one processor");
        int cores = 2;
        CoreLedger ledger = new(new CoreCount(() => new CoreBudget(cores, "test", null), _clock), _clock);
        using LooseRunner runner = Towers.Runner(
            new() { Ledger = ledger, Plan = PlanChoice.Split, Pinning = true, Logger = _logger }, new(2, Towers.Plan, 1, 1), new(4, Towers.Plan, 2, 2));
        RunnerEngine before = runner.Engine;
        Assert.Equal([1, 1], before.Plan.Lease!.Threads);
        cores = 4;
        ledger.Cores.Read();
        Assert.True(SpinWait.SpinUntil(() => Run(runner, Towers.Input(1)).Length > 0 && runner.Engine != before, Patience));
        Assert.Equal([2, 2], runner.Engine.Plan.Threads);
        Assert.Equal([2, 2], runner.Engine.Plan.Lease!.Threads);
        Assert.Empty(_logger.Warnings);
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
        Assert.Equal([4], Threads());
        string line = Assert.Single(_logger.Lines, l => l.Contains("does not open another mode"));
        Assert.Contains("Whole with 1 thread", line);
        Assert.Contains("RunnerOptions.MaxMemory", line);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RunnerOptions { MaxMemory = -1 });
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
        Assert.Contains("ConfigureSession set its threads", Assert.Single(_logger.Lines, l => l.Contains("does not open another mode")));
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
        Assert.True(SpinWait.SpinUntil(() => _logger.Warnings.Length > 0, Patience));
        Assert.Contains("goes on without: not this one", Assert.Single(_logger.Warnings));
        Ask(runner, 50);
        Assert.Null(runner.Engine.Modes.Find(1));
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
        _clock.Pass(31);
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
        Assert.Contains(_logger.Lines, l => l == "Cleave runs test as Whole with 1 thread from now on: 2 requests in the process use 2 of 2 cores");
        Assert.Contains(_logger.Lines, l => l.StartsWith("Cleave opens another mode of test: Whole with 1 thread, about ", StringComparison.Ordinal));
    }

    [Fact]
    public void An_output_stays_readable_when_the_mode_changes()
    {
        CoreLedger ledger = Ledger(2);
        using LooseRunner runner = Runner(ledger, 2, Rows(1, 2));
        using LooseCall call = runner.CreateCall(static (ref _) => { });
        Towers.Input(1).CopyTo(call.In<float>(0));
        call.Run();
        OutputTensor<float> kept = call.Out<float>(0);
        float[] first = kept.Span.ToArray();
        Ask(runner, 30);
        Open(runner, 1);
        ledger.Enter(ledger.Now);
        for (int seed = 2; seed < 10; seed++)
        {
            Towers.Input(seed).CopyTo(call.In<float>(0));
            call.Run();
            Assert.Equal(kept.Span.ToArray(), call.Out<float>(0).Span.ToArray());
            Assert.NotEqual(first, kept.Span.ToArray());
            // And back.
            ledger.Leave(1, ledger.Now);
            _clock.Pass(31);
            Towers.Input(1).CopyTo(call.In<float>(0));
            call.Run();
            Assert.Equal(first, kept.Span.ToArray(), Near);
            ledger.Enter(ledger.Now);
        }
        Assert.True(call.Buffers.OutputsAreBound);
    }

    [Fact]
    public void Outputs_are_not_mixed_up_where_only_some_have_a_shape_that_is_known()
    {
        // y has memory of its own by the time the second mode runs; where has not.
        ModelProto model = Onnx.Model(
            [Onnx.Tensor("x", ElementType.Float, 4)], [Onnx.Tensor("y", ElementType.Float, 4), Onnx.Tensor("where", ElementType.Int64, 1, "n")],
            [Onnx.Node("Abs", ["x"], ["y"]), Onnx.Node("NonZero", ["x"], ["where"])]);
        ModelDefinition plain = Definitions.Of(model);
        CoreLedger ledger = Ledger(2);
        using LooseRunner runner = new(
            Definitions.Of(model, Rows(1, 2)(Definitions.Whole(plain.Inputs, plain.Outputs))), new() { Ledger = ledger, Cores = 2, Model = ModelSource.Bytes(model.ToByteArray()) });
        Random random = new(3);
        for (int i = 0; i < 200; i++)
        {
            float[] x = [.. Enumerable.Range(0, 4).Select(_ => (float)random.Next(-1, 2))];
            using LooseOutput output = runner.Run((ref b) => b.Copy<float>(0, x));
            Assert.Equal(Array.ConvertAll(x, Math.Abs), output.Get<float>(0).Span.ToArray());
            Assert.Equal([1, x.Count(v => v != 0)], output.Get<long>(1).Shape);
            _clock.Pass(0.1);
            if (i == 50)
                Open(runner, 1);
        }
        Assert.True(runner.Engine.Modes.Find(1)!.Requests > 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Results_are_the_same_in_every_mode_under_load(bool split)
    {
        CoreLedger ledger = Ledgers.Own(2);
        using LooseRunner runner = split
            ? Towers.Runner(new() { Cores = 2, Ledger = ledger })
            : Runner(ledger, 2, Rows(1, 2));
        float[][] inputs = [.. Enumerable.Range(0, 8).Select(Towers.Input)], expected = [.. inputs.Select(x => Run(runner, x))];
        for (int round = 0; round < 4; round++)
        {
            Parallel.For(0, 8, client =>
            {
                for (int i = 0; i < 100; i++)
                    Assert.Equal(expected[client], Run(runner, inputs[client]), Near);
            });
            Ask(runner, 40);
        }
        Open(runner, 1);
        Assert.True(runner.Engine.Modes.Find(1)!.Requests > 0);
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [Fact]
    public async Task A_request_may_ask_again_when_it_is_done()
    {
        using LooseRunner runner = Runner(Ledger(2), 2, Rows(1, 2));
        float[] x = Towers.Input(1), y = Run(runner, x);
        Task<float[]> again = runner.RunAsync(Towers.Request(x)).ContinueWith(
            _ => Run(runner, x), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Assert.Equal(y, await again.WaitAsync(Patience), Near);
    }

    [Fact]
    public async Task A_failed_or_cancelled_request_gives_its_cores_back()
    {
        CoreLedger ledger = Ledger(4);
        using LooseRunner runner = SplitModel.Lookup().Runner(new() { Ledger = ledger, Cores = 4 });
        Assert.Throws<CleaveException>(() => runner.Run(SplitModel.LookupOf(1, 99)));
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
        using LooseRunner loop = SplitModel.Loop().Runner(new() { Ledger = ledger, Cores = 4 });
        using CancellationTokenSource source = new();
        Task<LooseOutput> run = loop.RunAsync(SplitModel.LoopOf(long.MaxValue, 1), source.Token);
        Assert.True(SpinWait.SpinUntil(() => ledger.Busy == 2, Patience));
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.WaitAsync(Patience));
        Assert.Equal((0, 0), (ledger.InFlight, ledger.Busy));
    }

    [SkippableFact]
    public void The_threads_of_callers_are_not_pinned_whatever_happens()
    {
        Skip.IfNot(File.Exists("/proc/thread-self/status"), "skipped: /proc is absent");
        using LooseRunner runner = SplitModel.Lookup().Runner(new() { Pinning = true });
        string before = Mine();
        runner.Run(SplitModel.LookupOf(1, 1)).Dispose();
        Assert.Equal(before, Mine());
        Assert.Throws<CleaveException>(() => runner.Run(SplitModel.LookupOf(1, 99)));
        Assert.Equal(before, Mine());
        Assert.ThrowsAny<OperationCanceledException>(() => runner.Run(SplitModel.LookupOf(1, 1), new CancellationToken(canceled: true)));
        Assert.Equal(before, Mine());
        // Cancelled by another thread while it runs.
        CoreLedger ledger = Ledgers.Own(2);
        using LooseRunner loop = SplitModel.Loop().Runner(new() { Pinning = true, Ledger = ledger });
        using CancellationTokenSource source = new();
        Thread other = new(() =>
        {
            if (SpinWait.SpinUntil(() => ledger.Busy == 2, Patience))
                source.Cancel();
        });
        other.Start();
        Assert.ThrowsAny<OperationCanceledException>(() => loop.Run(SplitModel.LoopOf(long.MaxValue, 1), source.Token));
        Assert.Equal(before, Mine());
        Assert.Equal(1, loop.Engine.Modes.Planned.Requests);
        other.Join();

        static string Mine() => File.ReadAllText("/proc/thread-self/status").Split('\n').First(l => l.StartsWith("Cpus_allowed_list", StringComparison.Ordinal));
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
        Assert.Empty(_logger.Warnings);
    }

    private static bool Near(float a, float b) => Math.Abs(a - b) <= 1e-5f * (1 + Math.Abs(a));

    private static float[] Run(LooseRunner runner, float[] x)
    {
        using LooseOutput output = runner.Run(Towers.Request(x));
        return output.Get<float>(0).Span.ToArray();
    }

    private void Ask(LooseRunner runner, int requests)
    {
        for (int i = 0; i < requests; i++)
        {
            Run(runner, Towers.Input(1));
            _clock.Pass(0.5);
        }
    }

    // So many requests begin, one after another, and then end.
    private Turn[] Together(LooseRunner runner, int requests)
    {
        RequestTimes times = runner.Engine.Times.Of([]);
        Turn[] turns = [.. Enumerable.Range(0, requests).Select(_ => runner.Engine.Modes.Enter(times, CancellationToken.None))];
        foreach (Turn turn in turns)
            runner.Engine.Modes.Leave(turn, times, succeeded: true);
        _clock.Pass(0.5);
        return turns;
    }

    private static void Open(LooseRunner runner, int mode) => Assert.True(SpinWait.SpinUntil(() => runner.Engine.Modes.Find(mode) != null, Patience));

    private int[] Threads() => [.. _made.Select(static m => m.Threads)];

    private CoreLedger Ledger(int cores) => Ledgers.Own(cores, _clock);

    // The whole model with as many threads as cores.
    private static Func<Plan, Budget[]> Rows(params int[] cores) => plan => [.. cores.Select(c => new Budget(c, plan, c))];

    private LooseRunner Runner(CoreLedger ledger, int cores, Func<Plan, Budget[]> rows, Action<RunnerOptions>? change = null)
    {
        ModelProto model = Towers.Model();
        ModelDefinition plain = Definitions.Of(model);
        RunnerOptions options = new()
        {
            Ledger = ledger,
            Cores = cores,
            Logger = _logger,
            Model = ModelSource.Bytes(model.ToByteArray()),
            ConfigureSession = (_, segment) =>
            {
                if (!_made.IsEmpty)
                    _makers.Enqueue(Thread.CurrentThread.Name);
                _made.Enqueue((segment.Segment, segment.Threads));
            },
        };
        change?.Invoke(options);
        return new LooseRunner(Definitions.Of(model, rows(Definitions.Whole(plain.Inputs, plain.Outputs))), options);
    }
}
