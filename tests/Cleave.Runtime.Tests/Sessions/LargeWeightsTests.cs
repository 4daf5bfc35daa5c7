using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Modes;
using Cleave.OnnxProto;
using Cleave.Plans;
using Cleave.Runtime.Tests.Lanes;
using Cleave.Runtime.Tests.Support;
using Cleave.Tuning;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Cleave.Runtime.Tests.Sessions;

/// <summary>Models whose sessions take memory worth saving: two only where they pay, and where there is room for them.</summary>
public sealed class LargeWeightsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ManualClock _clock = new();
    private readonly ListLogger _logger = new();
    private readonly TempFolder _folder = new();
    private readonly ConcurrentQueue<int> _made = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1.19, 1)]
    [InlineData(1.21, 4)]
    public void Several_threads_must_gain_what_the_second_session_takes(double gain, int planned)
    {
        using LooseRunner runner = Runner(Large, gain);
        Assert.Equal([planned], _made);
        Meet(runner, 40);
        // One thread for each of several requests: that is a second session, unless it is the first.
        Assert.True(SpinWait.SpinUntil(() => runner.Engine.Modes.Find(runner.Engine.Modes.Count - 1) != null, Patience));
        Alone(runner, 60);
        Assert.Equal(planned == 1 ? [1] : [4, 1], _made);
    }

    [Fact]
    public void Where_weights_are_few_or_nothing_is_predicted_it_goes_by_the_plan()
    {
        using (LooseRunner small = Runner(Small, 1.01))
            Assert.Equal([4], _made);
        _made.Clear();
        using LooseRunner unknown = Runner(Large, gain: null);
        Assert.Equal([4], _made);
    }

    [Fact]
    public void A_runner_with_one_mode_has_no_second_session_and_goes_by_the_plan()
    {
        using LooseRunner runner = Runner(Large, 1.01, o => o.Deterministic = true);
        Assert.Equal([4], _made);
    }

    [Fact]
    public void Plans_for_parts_of_the_cores_must_gain_as_much()
    {
        ModelDefinition definition = Definition(Small, 1.3);
        Budget[] rows = [.. new[] { 1, 2, 4, 8, 16 }.Select(c => new Budget(c, definition.Budgets[0].Plan, c))];
        ModelDefinition wide = new(1, "test", definition.Path, definition.Hash, definition.Inputs, definition.Outputs, rows);
        int[] Cores(Func<ChosenPlan, bool>? pays) => [.. ModeList.Of(wide, new RunnerOptions(), 16, canSplit: true, tuned: null, pays).Modes.Select(static m => m.Cores)];
        Assert.Equal([16, 8, 4, 2, 1], Cores(null));
        Assert.Equal([16, 8, 1], Cores(static m => m.Cores > 4));
        // All cores stand in front: tuning may find that they are better.
        Assert.Equal([16, 1], Cores(static _ => false));
    }

    [Fact]
    public void A_split_must_gain_as_much_by_what_was_measured()
    {
        ModelDefinition definition = Towers.Definition();
        ChosenPlan split = ChosenPlan.Choose(definition.Budgets, 2, PlanChoice.Auto);
        // The planner asked what is predicted.
        Assert.True(new ThreadGain(definition, tuned: null).Pays(split));
        Assert.True(new ThreadGain(definition, Tuned(830)).Pays(split));
        Assert.False(new ThreadGain(definition, Tuned(840)).Pays(split));
        ModeList list = ModeList.Of(definition, new RunnerOptions(), 2, canSplit: true, tuned: split, new ThreadGain(definition, Tuned(840)).Pays);
        Assert.Equal([1], list.Modes[list.Planned].Threads);

        static TuningSection Tuned(long nanoseconds) => new(
            new MachineSignature("any", 2, "any"), "", IsComplete: true, [new TunedRequest([], [], [new TunedTime("Whole", [1], 1000, 9), new TunedTime(Towers.Plan.Name, [1, 1], nanoseconds, 9)])]);
    }

    [Theory]
    [InlineData(840, false)]
    [InlineData(830, true)]
    public void What_was_measured_to_be_a_little_faster_gets_no_session_beside_large_weights(long nanoseconds, bool isOpened)
    {
        ModelDefinition definition = Definition(Large, gain: 1.01);
        TuningStore store = new(definition, null, _folder.Path, new Lazy<MachineSignature>(static () => ThisMachine.Of(4)), NullLogger.Instance);
        TunedTime[] times = [new("Whole", [1], 1000, 9), new("Whole", [4], nanoseconds, 9)];
        Assert.NotNull(store.Save(new TuningSection(store.Machine, definition.Hash, IsComplete: true, [new TunedRequest([], [], times)]), out _));
        using LooseRunner runner = Runner(Large, gain: 1.01, o => o.TuningFolder = _folder.Path);
        Assert.Equal([isOpened ? 4 : 1], _made);
        Assert.Equal([isOpened ? 4 : 1], runner.Engine.Modes.Planned.Plan.Threads);
        Assert.Equal("it was not needed so far", runner.Engine.Modes.WhyNotOpen(isOpened ? 1 : 0));
    }

    [Fact]
    public void A_session_that_memory_was_too_short_for_is_made_when_there_is_more()
    {
        Memory(megabytes: 30);
        using LooseRunner runner = Runner(Large, 2);
        Meet(runner, 8);
        // On a thread of its own.
        Assert.True(SpinWait.SpinUntil(() => _logger.Lines.Any(static l => l.Contains("does not open another mode")), Patience));
        Assert.Equal([4], _made);
        Assert.Contains("of 30 MB left", Assert.Single(_logger.Lines, static l => l.Contains("does not open another mode")));
        Memory(megabytes: 3000);
        // Looked at again once it was missed twice as often as before.
        Meet(runner, 15);
        Assert.Equal([4], _made);
        Meet(runner, 1);
        Assert.True(SpinWait.SpinUntil(() => runner.Engine.Modes.Find(1) != null, Patience));
        Assert.Equal([4, 1], _made);
    }

    [Fact]
    public void The_more_often_memory_was_too_short_the_rarer_it_is_looked_at()
    {
        Memory(megabytes: 30);
        using LooseRunner runner = Runner(Large, 2);
        for (int refused = 0; refused < 4; refused++)
        {
            Meet(runner, (8 << refused) - 1);
            Assert.Equal(refused, Refusals());
            Meet(runner, 1);
            // On a thread of its own.
            Assert.True(SpinWait.SpinUntil(() => Refusals() == refused + 1, TimeSpan.FromSeconds(20)));
        }
        Assert.Equal([4], _made);

        int Refusals() => _logger.Lines.Count(static l => l.Contains("does not open another mode"));
    }

    // 21 MB.
    private static ModelProto Large { get; } = Model(2350);

    private static ModelProto Small { get; } = Model(8);

    private static ModelProto Model(int width) => Onnx.Model(
        [Onnx.Tensor("x", ElementType.Float, 1, width)], [Onnx.Tensor("y", ElementType.Float, 1, width)],
        [Onnx.Node("MatMul", ["x", "w"], ["y"])], [Onnx.Floats("w", [width, width], new float[width * width])]);

    private static ModelDefinition Definition(ModelProto model, double? gain)
    {
        ModelDefinition plain = Definitions.Of(model);
        Plan whole = Definitions.Whole(plain.Inputs, plain.Outputs);
        return new(1, "test", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, [new(1, whole, 1), new(4, whole, 4)])
        {
            Times = gain is { } times ? new PredictedTimes([1, 4], new PredictedTime(1, 1, 100, 100 / times)) : null,
        };
    }

    private LooseRunner Runner(ModelProto model, double? gain, Action<RunnerOptions>? change = null)
    {
        RunnerOptions options = new()
        {
            Ledger = Ledgers.Own(4, _clock),
            Files = new(_folder.Path),
            Logger = _logger,
            Model = ModelSource.Bytes(model.ToByteArray()),
            ConfigureSession = (_, segment) => _made.Enqueue(segment.Threads),
        };
        change?.Invoke(options);
        return new LooseRunner(Definition(model, gain), options);
    }

    private void Memory(long megabytes) => _folder.Write("proc/meminfo", $"MemAvailable: {megabytes * 1024} kB\n");

    // Requests that come while others use all other cores: each is offered one.
    private void Meet(LooseRunner runner, int requests)
    {
        CoreLedger ledger = runner.Engine.Modes.Ledger;
        ledger.Enter(ledger.Now);
        ledger.Take(3);
        Alone(runner, requests);
        ledger.Leave(4, ledger.Now);
        _clock.Pass(31);
    }

    private void Alone(LooseRunner runner, int requests)
    {
        RequestTimes times = runner.Engine.Times.Of([]);
        for (int i = 0; i < requests; i++)
        {
            runner.Engine.Modes.Leave(runner.Engine.Modes.Enter(times, CancellationToken.None), times, succeeded: true);
            _clock.Pass(0.5);
        }
    }
}
