using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Plans;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Cleave.Tuning;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Tuning;

/// <summary>A runner that tunes itself, and the next one, which goes by it.</summary>
public sealed class TuneTests : IDisposable
{
    private static readonly TimeSpan Plenty = TimeSpan.FromMinutes(2);

    private readonly TempFolder _folder = new();
    private readonly ListLogger _logger = new();

    private string Model => _folder["towers.onnx"];

    private string Tuned => Model + TuningFile.Ending;

    public TuneTests() => _folder.Write("towers.onnx", Towers.Model().ToByteArray());

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_goes_on_where_other_weights_take_the_place_of_those_that_it_measures()
    {
        await using LooseRunner runner = Runner();
        TaskCompletionSource began = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<TuningResult> tuning = runner.TuneAsync(Plenty, progress: new Told(() => began.TrySetResult()));
        await began.Task.WaitAsync(Plenty);
        Assert.False(tuning.IsCompleted);
        await runner.ReloadAsync(ModelSource.File(Model));
        TuningResult result = await tuning.WaitAsync(Plenty);
        Assert.True(result.IsComplete);
        Assert.Single(result.Requests);
    }

    [Fact]
    public async Task What_was_measured_is_written_and_told()
    {
        await using LooseRunner runner = Runner();
        List<TuningStep> steps = [];
        TuningResult result = await runner.TuneAsync(Plenty, progress: new Collected(steps));
        Assert.True(result.IsComplete);
        Assert.Empty(result.Notes);
        Assert.Equal(Tuned, result.File);
        TuningRequest request = Assert.Single(result.Requests);
        Assert.Equal(["TwoLanes 1+1", "Whole 1", "Whole 2"], request.Times.Select(t => t.Mode).Order(StringComparer.Ordinal));
        Assert.Equal(1, request.Times[0].Speed);
        Assert.Contains(request.Best, request.Times);
        Assert.StartsWith("every request: " + request.Times[0].Mode + " 1.00x, ", result.ToString());
        Assert.EndsWith(": " + request.Best.Mode, result.ToString());
        Assert.Equal([0, 2], steps.Select(s => s.Done));
        TuningSection section = TuningFile.Read(File.ReadAllText(Tuned)).Sections.Single();
        Assert.Equal((2, runner.Engine.Definition.Hash, true), (section.Machine.Cores, section.Hash, section.IsComplete));
        Assert.Single(Directory.GetFiles(_folder.Path, "*.tune*"));
        // Nothing is left to measure.
        steps.Clear();
        Assert.Equal(result.ToString(), (await runner.TuneAsync(Plenty, progress: new Collected(steps))).ToString());
        Assert.Empty(steps);
    }

    [Theory]
    [InlineData(100, 300, 300, "TwoLanes with 1 1 threads")]
    [InlineData(300, 100, 300, "Whole with 2 threads")]
    [InlineData(300, 300, 100, "Whole with 1 thread")]
    public void The_next_runner_goes_by_it(long split, long two, long one, string expected)
    {
        Write(Section(split, two, one));
        using LooseRunner runner = Runner();
        Assert.Equal(expected, runner.Engine.Modes.Planned.Words);
        float[] x = Towers.Input(5);
        using LooseRunner plain = Towers.Runner();
        Assert.Equal(Run(plain, x), Run(runner, x), (a, b) => Math.Abs(a - b) < 1e-4);
    }

    [Fact]
    public void What_the_application_asks_for_wins()
    {
        Write(Section(split: 300, two: 100, one: 300));
        using LooseRunner runner = Runner(PlanChoice.Split);
        Assert.Equal("TwoLanes", runner.Engine.Plan.Outline.Plan.Name);
    }

    [Fact]
    public async Task A_tuning_goes_on_where_the_last_one_ended()
    {
        TuningSection known = Section(split: 77, two: 0, one: 0);
        Write(known);
        await using LooseRunner runner = Runner();
        TuningResult result = await runner.TuneAsync(Plenty);
        Assert.True(result.IsComplete);
        TuningSection section = TuningFile.Read(File.ReadAllText(Tuned)).Sections.Single();
        TunedRequest request = Assert.Single(section.Requests);
        Assert.Equal(3, request.Times.Count);
        Assert.Equal(77, request.Find("TwoLanes", [1, 1])!.Nanoseconds);
    }

    /// <summary>What takes a core away for a moment decides nothing, nor do the first moments of a process, in which two threads look slow.</summary>
    [Fact]
    public async Task A_comparison_is_spread_as_far_as_there_is_time()
    {
        TimeSpan span = TimeSpan.FromSeconds(1);
        await using LooseRunner runner = Runner(span: span);
        long start = Stopwatch.GetTimestamp();
        TuningResult result = await runner.TuneAsync(Plenty);
        // Three ways are two comparisons.
        Assert.InRange(Stopwatch.GetElapsedTime(start), 2 * span, Plenty / 2);
        Assert.All(result.Requests[0].Times, static t => Assert.InRange(t.Rounds, PairTimer.Enough, int.MaxValue));
        Assert.Equal(PairTimer.Span, new RunnerOptions().TuningSpan);

        File.Delete(Tuned);
        await using LooseRunner hurried = Runner(span: TimeSpan.FromHours(1));
        Assert.True((await hurried.TuneAsync(2 * span)).Requests.Count > 0);
    }

    [Fact]
    public async Task Without_time_it_is_incomplete_and_says_so()
    {
        await using LooseRunner runner = Runner();
        TuningResult result = await runner.TuneAsync(TimeSpan.FromTicks(1));
        Assert.False(result.IsComplete);
        Assert.Null(result.File);
        Assert.Contains("the time was too short", Assert.Single(result.Notes));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => runner.TuneAsync(TimeSpan.Zero));
    }

    [Fact]
    public async Task Times_of_sessions_that_the_application_configures_are_not_written()
    {
        await using LooseRunner runner = Runner(configure: static (_, _) => { });
        TuningResult result = await runner.TuneAsync(Plenty);
        Assert.Equal((true, null), (result.IsComplete, result.File));
        Assert.Contains("ConfigureSession", Assert.Single(result.Notes));
        Assert.NotNull(runner.Engine.Tuning.Known);
        Assert.False(File.Exists(Tuned));

        await using LooseRunner one = Runner(configure: static (options, _) => options.IntraOpNumThreads = 3);
        TuningResult nothing = await one.TuneAsync(Plenty);
        Assert.Equal((false, 0), (nothing.IsComplete, nothing.Requests.Count));
        Assert.Contains("ConfigureSession set its threads", Assert.Single(nothing.Notes));
    }

    /// <summary>It would measure at every start, and keep nothing.</summary>
    [Fact]
    public void A_runner_whose_times_are_not_written_does_not_tune_itself()
    {
        using LooseRunner runner = Runner(folder: _folder["tuned"], configure: static (_, _) => { });
        Assert.Equal(0, runner.Engine.Gate.Inside);
        Assert.Single(_logger.Lines, static l => l.Contains("did not tune test: it would not be kept: ConfigureSession"));
    }

    [Fact]
    public void A_runner_that_tuned_itself_in_vain_says_why()
    {
        using LooseRunner runner = new(Towers.Definition(), new()
        {
            Model = ModelSource.File(Model),
            Cores = 2,
            MaxMemory = 1,
            TuningFolder = _folder["tuned"],
            Ledger = Ledgers.Own(2),
            Logger = _logger,
        });
        Assert.True(SpinWait.SpinUntil(() => _logger.Lines.Any(static l => l.Contains("Two more sessions do not fit into memory")), Plenty));
    }

    [Fact]
    public async Task A_damaged_file_is_neither_used_nor_lost()
    {
        const string Damaged = "cleave-tuning 1\nmachine \"somebody's work\n";
        File.WriteAllText(Tuned, Damaged);
        await using LooseRunner runner = Runner();
        Assert.Contains("line 2", Assert.Single(_logger.Warnings));
        TuningResult result = await runner.TuneAsync(Plenty);
        Assert.True(result.IsComplete);
        Assert.Null(result.File);
        Assert.Contains("is damaged (line 2", Assert.Single(result.Notes));
        Assert.Equal(Damaged, File.ReadAllText(Tuned));
    }

    /// <summary>As where CLEAVE_TUNE names the folder.</summary>
    [Fact]
    public void Where_a_folder_is_named_a_runner_tunes_itself_once_and_goes_by_it()
    {
        string folder = _folder["tuned"], path = Path.Combine(folder, Towers.Definition().Path + TuningFile.Ending);
        using (LooseRunner first = Runner(folder: folder))
        {
            Assert.True(SpinWait.SpinUntil(() => first.Engine.Tuning.Known != null && File.Exists(path), Plenty));
            Assert.True(first.Engine.Tuning.Known!.IsComplete);
            // Where the best is none of its modes, it is opened anew.
            string best = first.Engine.Tuning.Known.Requests[0].Best()!.Words;
            Assert.True(SpinWait.SpinUntil(() => Enumerable.Range(0, first.Engine.Modes.Count).Any(m => Words(first.Engine.Modes.Wanted(m)) == best), Plenty));
        }
        Assert.False(File.Exists(Tuned));
        byte[] written = File.ReadAllBytes(path);
        using (LooseRunner second = Runner(folder: folder))
        {
            Assert.NotNull(second.Engine.Tuning.Known);
            Run(second, Towers.Input(1));
        }
        Assert.Equal(written, File.ReadAllBytes(path));

        static string Words(ChosenPlan plan) => new TunedTime(plan.Plan.Name, plan.Threads, 1, 1).Words;
    }

    [Fact]
    public void A_section_of_another_graph_is_refused_and_one_of_another_machine_passed_over()
    {
        Write(Section(300, 100, 300) with { Hash = "h2:other" });
        using (LooseRunner runner = Runner())
            Assert.Equal("TwoLanes", runner.Engine.Plan.Outline.Plan.Name);
        Assert.Contains("another graph", Assert.Single(_logger.Warnings));
        Write(Section(300, 100, 300) with { Machine = new("another", 2, "1") });
        using (LooseRunner runner = Runner())
            Assert.Equal("TwoLanes", runner.Engine.Plan.Outline.Plan.Name);
        Assert.Single(_logger.Warnings);
        Assert.Contains(_logger.Lines, l => l.Contains("no section for this machine"));
    }

    /// <summary>As where a container gets fewer cores than it was tuned with: what was measured with four says nothing of two.</summary>
    [Fact]
    public void A_section_for_more_cores_than_there_are_is_passed_over_and_kept()
    {
        TuningSection four = Section(300, 300, 100) with { Machine = ThisMachine.Of(4) };
        Write(four with { Requests = [new TunedRequest([], [], [new TunedTime("Whole", [4], 100, 9), new TunedTime("Whole", [1], 300, 9)])] });
        using (LooseRunner runner = Runner())
        {
            Assert.Equal("TwoLanes with 1 1 threads", runner.Engine.Modes.Planned.Words);
            Assert.Null(runner.Engine.Tuning.Known);
            Run(runner, Towers.Input(1));
        }
        Assert.Empty(_logger.Warnings);
        Assert.Contains(_logger.Lines, l => l.Contains("no section for this machine"));
        // With one for two cores beside it, that one counts.
        File.WriteAllText(Tuned, TuningFile.Read(File.ReadAllText(Tuned)).With(Section(300, 100, 300)).Write());
        using (LooseRunner runner = Runner())
            Assert.Equal("Whole with 2 threads", runner.Engine.Modes.Planned.Words);
        Assert.Equal([2, 4], TuningFile.Read(File.ReadAllText(Tuned)).Sections.Select(s => s.Machine.Cores).Order());
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_said()
    {
        // A file where a folder is needed: not even root may.
        string file = _folder.Write("occupied", "");
        await using LooseRunner runner = Runner(folder: Path.Combine(file, "tuned"));
        TuningResult result = await runner.TuneAsync(Plenty);
        Assert.True(result.IsComplete);
        Assert.Null(result.File);
        Assert.StartsWith("Not written: ", Assert.Single(result.Notes));
        Assert.Contains("occupied", result.Notes[0]);
        Run(runner, Towers.Input(1));
    }

    [SkippableFact]
    public async Task A_folder_without_permission_is_said()
    {
        Skip.If(Environment.IsPrivilegedProcess, "skipped: permissions of folders do not bind this user");
        if (OperatingSystem.IsWindows())
            throw new SkipException("skipped: folders have other permissions");
        UnixFileMode before = File.GetUnixFileMode(_folder.Path);
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            await using LooseRunner runner = Runner();
            TuningResult result = await runner.TuneAsync(Plenty);
            Assert.Equal((true, null), (result.IsComplete, result.File));
            Assert.StartsWith("Not written: ", Assert.Single(result.Notes));
            Run(runner, Towers.Input(1));
        }
        finally
        {
            File.SetUnixFileMode(_folder.Path, before);
        }
    }

    [Fact]
    public async Task Where_nothing_can_be_written_the_runner_goes_by_it_all_the_same()
    {
        Directory.CreateDirectory(Tuned);
        await using LooseRunner runner = Runner();
        TuningResult result = await runner.TuneAsync(Plenty);
        Assert.True(result.IsComplete);
        Assert.Null(result.File);
        Assert.StartsWith("Not written: ", Assert.Single(result.Notes));
        runner.Run(Towers.Request(Towers.Input(1))).Dispose();
        Assert.NotNull(runner.Engine.Times.Relative(0));
        await using LooseRunner inMemory = Towers.Runner(new() { Cores = 2, TuningSpan = TimeSpan.Zero, Ledger = Ledgers.Own(2) });
        Assert.Contains("the model has no file", Assert.Single((await inMemory.TuneAsync(Plenty)).Notes));
    }

    [Fact]
    public async Task Requests_go_on_and_disposal_ends_it()
    {
        LooseRunner runner = Runner();
        float[] x = Towers.Input(3), expected = Run(runner, x);
        using CancellationTokenSource stop = new();
        Task<TuningResult> cancelled = runner.TuneAsync(TimeSpan.FromHours(1), cancellationToken: stop.Token);
        for (int i = 0; i < 200; i++)
            Assert.Equal(expected, Run(runner, x), (a, b) => Math.Abs(a - b) < 1e-4);
        // The request in flight keeps it from measuring.
        runner.Engine.Modes.Ledger.Enter(runner.Engine.Modes.Ledger.Now);
        Task<TuningResult> tuning = runner.TuneAsync(TimeSpan.FromHours(1));
        stop.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await cancelled;
            stop.Token.ThrowIfCancellationRequested();
        });
        await runner.DisposeAsync().AsTask().WaitAsync(Plenty);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tuning);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => runner.TuneAsync(Plenty));
    }

    [Fact]
    public async Task What_the_model_refuses_is_said_and_samples_help()
    {
        ModelDefinition definition = Definitions.Of(Lookup());
        string path = _folder.Write("lookup.onnx", Lookup().ToByteArray());
        await using LooseRunner runner = new(definition, new() { Model = ModelSource.File(path), Cores = 2, TuningSpan = TimeSpan.Zero, Ledger = Ledgers.Own(2) });
        TuningResult refused = await runner.TuneAsync(Plenty);
        Assert.Empty(refused.Requests);
        Assert.Contains("n=1: ", string.Join('\n', refused.Notes));
        TuningResult tuned = await runner.TuneAsync(Plenty, [Sample(0, 0, 0), Sample(0), Sample(0), Sample(0, 0, 0)]);
        Assert.Equal(["n=3", "n=1"], tuned.Requests.Select(r => r.Dimensions));
        Assert.Empty(tuned.Notes);
        ArgumentException wrong = await Assert.ThrowsAsync<ArgumentException>(() => runner.TuneAsync(Plenty, [Sample(0), (ref InputBinder b) => { b.Dim(2); b.Copy<long>(0, new long[1]); }]));
        Assert.StartsWith("inputs[1]", wrong.Message);
        Assert.Equal(0, runner.Engine.Pool.Rented);

        static Request Sample(params long[] index) => (ref InputBinder b) =>
        {
            b.Dim(index.Length);
            b.Copy<long>(0, index);
        };
    }

    // One row: the ones that are made up lie outside of it.
    private static OnnxProto.ModelProto Lookup() => Onnx.Model(
        [Tensor("index", ElementType.Int64, "n")], [Tensor("y", ElementType.Float, "n")],
        [Node("Gather", ["table", "index"], ["y"])], [Floats("table", [1], 10)]);

    private LooseRunner Runner(PlanChoice plan = PlanChoice.Auto, TimeSpan span = default, string? folder = null, Action<SessionOptions, SegmentInfo>? configure = null) => new(Towers.Definition(), new()
    {
        Model = ModelSource.File(Model),
        Cores = 2,
        Plan = plan,
        TuningSpan = span,
        TuningFolder = folder,
        ConfigureSession = configure,
        Ledger = Ledgers.Own(2),
        Logger = _logger,
    });

    private static float[] Run(LooseRunner runner, float[] x)
    {
        using LooseOutput output = runner.Run(Towers.Request(x));
        return output.Get<float>(0).Span.ToArray();
    }

    private static TuningSection Section(long split, long two, long one) => new(
        ThisMachine.Of(2), Towers.Definition().Hash, true,
        [new TunedRequest([], [], [.. new TunedTime[] { new("TwoLanes", [1, 1], split, 25), new("Whole", [2], two, 25), new("Whole", [1], one, 25) }.Where(t => t.Nanoseconds > 0)])])
    {
        Plans = TunedPlans.Of(Towers.Definition()),
    };

    private void Write(TuningSection section) => File.WriteAllText(Tuned, TuningFile.Empty.With(section).Write());

    private sealed class Collected(List<TuningStep> steps) : IProgress<TuningStep>
    {
        public void Report(TuningStep value) => steps.Add(value);
    }

    private sealed class Told(Action what) : IProgress<TuningStep>
    {
        public void Report(TuningStep value) => what();
    }
}
