using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Ensembles;
using Cleave.Emulator;
using Cleave.Tool.Ensembles;
using Xunit;

namespace Cleave.Tool.Tests.Tuning;

/// <summary><c>cleave tune --ensemble --device</c> on emulated devices.</summary>
public sealed class EnsembleDeviceTuneTests : IDisposable
{
    private const int Cores = 2;

    private readonly TinyModel _a = new(), _b = new();
    private readonly TempFolder _project = new();
    private readonly List<EmulatedDevice> _devices = [];
    private readonly List<string> _steps = [];

    private string Path => System.IO.Path.Combine(_project.Path, "Vision.ensemble.tune");

    public void Dispose()
    {
        foreach (EmulatedDevice device in _devices)
            device.Dispose();
        _a.Dispose();
        _b.Dispose();
        _project.Dispose();
    }

    private EnsembleModels Models(long memory, params string[] devices) => new("Vision", [_a.Save(), _b.Save()], new Dictionary<string, string>(), new Dictionary<string, string>(), devices)
    {
        Opener = asked =>
        {
            _devices.Add(new EmulatedDevice(new EmulatorProfile { MemoryLimit = memory, RunTime = static (_, _) => 20_000 }, "cuda:" + asked.Index));
            return _devices[^1];
        },
    };

    private EnsembleReport? Tune(EnsembleModels models, int seconds = 300, CancellationToken token = default) =>
        EnsembleTuning.Run(models, new EnsembleTuningJournal(models, _project.Path, Cores, TimeSpan.FromSeconds(seconds), token), Cores, _steps.Add);

    private TunedDevices Written(params string[] names) => Assert.Single(EnsembleTuningFile.Read(File.ReadAllText(Path)).Sections).On(names)!;

    [Fact]
    public void Members_and_matrices_are_measured_there_and_plan_shows_the_best_one()
    {
        EnsembleModels models = Models(long.MaxValue, "cuda:0", "cuda:1", "cuda:2");
        EnsembleReport report = Tune(models)!;

        TunedDevices written = Written("cuda:0", "cuda:1", "cuda:2");
        Assert.True(report.IsComplete && written.IsComplete);
        Assert.All(written.Members, m => Assert.Equal(15, m.Times.Count));
        // What a runner does that knows nothing is deployed first: no device is idle.
        AllocationMatrix first = written.Matrix(written.Tried[0]);
        Assert.All(Enumerable.Range(0, 3), d => Assert.Single(Enumerable.Range(0, 2), m => first[d, m].Count > 0));
        Assert.Equal(written.Best!.Throughput, report.SamplesPerSecond);
        Assert.True(report.SamplesPerSecond >= report.UntunedSamplesPerSecond);
        Assert.True(written.Chosen is not null || written.Best == written.Tried[0]);
        Assert.Equal(written.Tried.Count, report.Tried);
        // Three batches of two times four floats, and the weights: as the device had it.
        Assert.Equal(new MemberMemory(models.Paths[0], 16, 3 * 32), written.Members[0].Memory);
        Assert.All(_devices, d => Assert.Equal(0, d.MemoryUsed));

        EnsembleReport plan = EnsemblePlanRun.Run(models, _project.Path, Cores);
        Assert.Equal(report.Matrix(), plan.Matrix());
        Assert.Equal(4, report.Matrix().TrimEnd('\n').Split('\n').Length);
        StringWriter text = new();
        plan.Write(text);
        Assert.StartsWith("Vision, 2 cores, measured: samples, or instances x <threads,samples>\n", text.ToString(), StringComparison.Ordinal);
        Assert.Contains("\ncuda:1 ", text.ToString(), StringComparison.Ordinal);

        // All is known: nothing is measured again.
        string before = File.ReadAllText(Path);
        _steps.Clear();
        Assert.Equal(report.SamplesPerSecond, Tune(models)!.SamplesPerSecond);
        Assert.Empty(_steps);
        Assert.Equal(before, File.ReadAllText(Path));
    }

    [Fact]
    public void A_batch_that_lacks_memory_is_not_chosen()
    {
        // 32 samples take 3 KB with the weights; 64 find no room.
        Tune(Models(5000, "cuda:0", "cuda:1"));
        TunedDevices written = Written("cuda:0", "cuda:1");
        Assert.All(written.Members, m => Assert.Equal([(8, true), (16, true), (32, true), (64, false)], m.Times.Where(static t => t.Device == 0).Select(static t => (t.Batch, t.Nanoseconds > 0))));
        Assert.All(written.Tried, t => Assert.All(t.Cells, static c => Assert.InRange(c.Batch, 0, 32)));
        Assert.True(written.IsComplete);
    }

    /// <summary>It is the first that is tried, and what comes after it is not what nothing was known of.</summary>
    [Fact]
    public void An_untuned_matrix_that_lacks_memory_is_no_measure_of_the_others()
    {
        EnsembleModels models = new("Vision", [_a.Save(), _b.Save()], new Dictionary<string, string>(), new Dictionary<string, string>(), ["cuda:0", "cuda:1"])
        {
            Opener = asked =>
            {
                bool isFirst = _steps.Count > 0 && _steps[^1].StartsWith("matrix 1:", StringComparison.Ordinal);
                _devices.Add(new EmulatedDevice(new EmulatorProfile { MemoryLimit = isFirst ? 100 : long.MaxValue, RunTime = static (_, _) => 20_000 }, "cuda:" + asked.Index));
                return _devices[^1];
            },
        };

        EnsembleReport report = Tune(models)!;

        Assert.Contains(_steps, static s => s.StartsWith("it lacks memory: ", StringComparison.Ordinal));
        Assert.Null(report.UntunedSamplesPerSecond);
        Assert.True(report.SamplesPerSecond > 0);
        StringWriter text = new();
        report.Write(text);
        Assert.DoesNotContain("what it is untuned", text.ToString(), StringComparison.Ordinal);
        // Nor is it tried again: that is known.
        _steps.Clear();
        Assert.Equal(report.SamplesPerSecond, Tune(models)!.SamplesPerSecond);
        Assert.Empty(_steps);
        Assert.Equal(report.Matrix(), EnsemblePlanRun.Run(models, _project.Path, Cores).Matrix());
    }

    [Fact]
    public void One_is_one()
    {
        StringWriter text = new();
        new EnsembleReport("Vision", 1, "measured", [new EnsembleMemberReport("a", 1, 1, 8, 0)], 10, null, 1, true, null).Write(text);
        Assert.EndsWith("; 1 matrix tried\n", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_fits_nowhere_is_said()
    {
        RefusedException e = Assert.Throws<RefusedException>(() => Tune(Models(100, "cuda:0")));
        Assert.Equal("No member ran on cuda:0: each lacked memory there, alone.", e.Message);
        // One alone fits, and two do not.
        File.Delete(Path);
        e = Assert.Throws<RefusedException>(() => Tune(Models(1000, "cuda:0")));
        Assert.StartsWith("The ensemble 'Vision' does not fit: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_processor_beside_them_is_measured_first_and_both_are_kept()
    {
        EnsembleModels models = Models(long.MaxValue, "cuda:0", "cpu");
        EnsembleReport report = Tune(models)!;
        EnsembleTuningSection section = Assert.Single(EnsembleTuningFile.Read(File.ReadAllText(Path)).Sections);
        Assert.True(section.IsComplete && section.On(["cuda:0", "cpu"])!.IsComplete);
        Assert.NotNull(section.Best);
        Assert.Equal(["cuda:0", "cpu"], report.Devices.Select(static d => d.Device));
        // What was measured of devices stays when the processor is measured again, and the other way round.
        EnsembleModels alone = Models(long.MaxValue);
        Tune(alone);
        Assert.NotNull(Written("cuda:0", "cpu"));
        Tune(Models(long.MaxValue, "cuda:0"));
        Assert.NotNull(Written("cuda:0"));
        Assert.NotNull(Written("cuda:0", "cpu"));
    }

    [Fact]
    public void What_was_measured_is_kept_and_the_next_call_goes_on_there()
    {
        EnsembleModels models = Models(long.MaxValue, "cuda:0");
        Assert.Null(Tune(models, seconds: 0));
        Assert.False(Written("cuda:0").IsComplete);
        Assert.Equal("", string.Join(" ", _steps));
        Tune(models);
        EnsembleTuningFile file = EnsembleTuningFile.Read(File.ReadAllText(Path));
        TunedDevices all = Written("cuda:0");
        // As a call leaves it that ended half-way.
        TunedDevices half = all with { IsComplete = false, Members = [all.Members[0], all.Members[1] with { Times = [] }], Tried = [all.Tried[0]] };
        File.WriteAllText(Path, file.With(file.Sections[0].With(half)).Write());
        Tune(models);
        TunedDevices now = Written("cuda:0");
        Assert.True(now.IsComplete);
        Assert.Equal(all.Members[0].Times, now.Members[0].Times);
        Assert.Equal(all.Tried[0].Nanoseconds, now.Tried[0].Nanoseconds);
        Assert.NotEmpty(now.Members[1].Times);
    }

    [Fact]
    public void A_lost_device_or_a_cancelled_call_ends_it_with_what_was_measured_kept()
    {
        EnsembleModels models = Models(long.MaxValue, "cuda:0");
        using CancellationTokenSource source = new();
        int measured = 0;
        EnsembleTuningJournal journal = new(models, _project.Path, Cores, TimeSpan.FromMinutes(5), source.Token);
        Assert.ThrowsAny<OperationCanceledException>(() => new EnsembleDeviceTuneRun(models, journal, Cores, _ =>
        {
            // In the second member.
            if (++measured == 7)
                source.Cancel();
        }).Run());
        Assert.Equal(5, Written("cuda:0").Members[0].Times.Count);
        Assert.Single(Written("cuda:0").Members[1].Times);
        EnsembleModels losing = new("Vision", [_a.Path, _b.Path], new Dictionary<string, string>(), new Dictionary<string, string>(), ["cuda:0"])
        {
            Opener = _ =>
            {
                _devices.Add(new EmulatedDevice(new EmulatorProfile(), "cuda:0"));
                _devices[^1].Faults.Inject(FaultKind.LostAtRun);
                return _devices[^1];
            },
        };
        CleaveException e = Assert.ThrowsAny<CleaveException>(() => Tune(losing));
        Assert.Contains("lost", e.Message, StringComparison.Ordinal);
        Assert.Equal(5, Written("cuda:0").Members[0].Times.Count);
    }

    [Fact]
    public async Task Names_that_are_no_devices_and_plans_without_a_measurement_are_named()
    {
        string[] ensemble = [_a.Save(), _b.Save(), "--ensemble", "Vision", "--project", _project.Path];
        ToolRun plan = await ToolRun.Of(["plan", .. ensemble, "--device", "cuda:0,cuda:1"]);
        Assert.Equal(1, plan.Code);
        Assert.StartsWith("cleave: error There is no matrix of 'Vision' on cuda:0, cuda:1 for this machine: measure it, cleave tune --ensemble Vision --device cuda:0,cuda:1 ", plan.Error, StringComparison.Ordinal);
        ToolRun tune = await ToolRun.Of(["tune", .. ensemble, "--device", "gpu"]);
        Assert.Equal(1, tune.Code);
        Assert.Contains("use cpu, cuda, or cuda:0, cuda:1 and so on", tune.Error, StringComparison.Ordinal);
    }
}
