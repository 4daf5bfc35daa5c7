using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Tuning;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Runtime.Tests.Batching;
using Cleave.Runtime.Tests.Support;
using Cleave.Tuning;
using Xunit;

namespace Cleave.Runtime.Tests.Tuning;

/// <summary>Batches are divided by what tuning measured.</summary>
public sealed class TunedDivisionTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly BatchedModel _model = new() { Rows = [1, 2] };

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(1_050_000, true)]
    [InlineData(550_000, false)]
    public void By_the_file_that_a_runner_finds(long two, bool divides)
    {
        // The build predicts the opposite.
        _model.Times = new PredictedTimes([1, 2], new PredictedTime(2, 1, 1000, two < 600_000 ? 1000 : 510));
        TuningSection section;
        using (LooseRunner plain = Runner())
        {
            section = new(ThisMachine.Of(2), plain.Engine.Definition.Hash, true,
            [
                .. new[] { 1, 8 }.Select(samples => new TunedRequest(
                    plain.Engine.Shapes.Names, [samples, 1], [new TunedTime("Whole", [2], samples * two, 9), new TunedTime("Whole", [1], samples * 1_100_000, 9)])),
            ]);
            Assert.Equal(!divides, plain.Engine.Divider!.Of([8, 1]) != null);
            string path = Path.Combine(_folder.Path, plain.Engine.Definition.Path + TuningFile.Ending);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, TuningFile.Empty.With(section).Write());
        }
        using LooseRunner runner = Runner(_folder.Path);
        Assert.NotNull(runner.Engine.Tuning.Known);
        Assert.Equal(divides, runner.Engine.Divider!.Of([8, 1]) != null);
    }

    [Fact]
    public async Task After_a_tuning_the_runner_is_opened_anew_for_it()
    {
        using LooseRunner runner = Runner();
        RunnerEngine before = runner.Engine;
        // Nothing is predicted, so nothing is divided.
        Assert.Null(before.Divider);
        TuningResult result = await runner.TuneAsync(TimeSpan.FromMinutes(2));
        Assert.True(result.IsComplete);
        Assert.NotSame(before, runner.Engine);
        Assert.NotNull(runner.Engine.Divider);
        PredictedTimes times = runner.Engine.Definition.Times!;
        Assert.Equal([1, 2], times.Threads);
        // One call for each size that was measured, in microseconds.
        foreach (TunedRequest request in runner.Engine.Tuning.Known!.Requests)
        {
            PredictedTime call = Assert.Single(times.Calls, c => c.Samples == request.Sizes[0] && c.Elements == request.Sizes[1] + 1);
            // Calls of one thread as they run beside each other.
            TunedTime thin = request.Find("Whole", [1])!;
            Assert.NotEqual(0, thin.Crowded);
            Assert.Equal(thin.Crowded / 1e3, call.Microseconds[0], 1e-6);
            Assert.Equal(request.Find("Whole", [2])!.Nanoseconds / 1e3, call.Microseconds[1], 1e-6);
            Assert.Equal(0, request.Find("Whole", [2])!.Crowded);
        }
    }

    [Fact]
    public async Task Where_nothing_is_left_to_measure_nothing_is_opened_anew()
    {
        using LooseRunner runner = Runner();
        TuningResult result = await runner.TuneAsync(TimeSpan.FromMinutes(2));
        RunnerEngine tuned = runner.Engine;
        Assert.Equal(result.ToString(), (await runner.TuneAsync(TimeSpan.FromMinutes(2))).ToString());
        Assert.Same(tuned, runner.Engine);
    }

    [Fact]
    public async Task A_caller_that_gives_up_while_it_is_opened_anew_gets_what_was_measured()
    {
        using LooseRunner runner = Runner();
        RunnerEngine before = runner.Engine;
        using CancellationTokenSource stop = new();
        EngineReload held = await before.Home.OpenBesideAsync(before.Model.Source, CancellationToken.None);
        Task<TuningResult> tuning = runner.TuneAsync(TimeSpan.FromMinutes(2), cancellationToken: stop.Token);
        Assert.True(SpinWait.SpinUntil(() => before.Tuning.Known != null, TimeSpan.FromMinutes(2)));
        stop.Cancel();
        try
        {
            TuningResult result = await tuning.WaitAsync(TimeSpan.FromMinutes(2));
            Assert.True(result.IsComplete);
            Assert.Contains(result.Notes, static n => n.StartsWith("From the next start on: ", StringComparison.Ordinal));
        }
        finally
        {
            await held.EndAsync();
        }
        Assert.Same(before, runner.Engine);
    }

    private LooseRunner Runner(string? folder = null) => _model.Runner(new() { Cores = 2, Ledger = Ledgers.Own(2), TuningSpan = TimeSpan.Zero, TuningFolder = folder });
}
