using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Core.Placement;
using Cleave.Core.Tuning;
using Cleave.Devices.Cuda;
using Cleave.Emulator;
using Cleave.Tool.Commands;
using Cleave.Tool.Measuring;
using Cleave.Tool.Tuning;
using Cleave.Tool.Validation;
using Xunit;

namespace Cleave.Tool.Tests.Tuning;

/// <summary><c>cleave tune --device</c>: what is measured on an emulated device, whose profile is known, and what becomes of it.</summary>
[Collection(nameof(DeviceTuneTests))]
[CollectionDefinition(nameof(DeviceTuneTests), DisableParallelization = true)] // what is measured must not wait for another test
public sealed class DeviceTuneTests : IDisposable
{
    // So slow that a thread which is late by some tenths of a millisecond changes little.
    private const double Kernel = 400_000;
    private const double StepKernels = 3;
    private const double Latency = 4_000_000;
    private const double Launch = 2_000_000;

    private const int Rounds = 3;

    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public void The_profile_is_that_of_the_device()
    {
        using EmulatedDevice device = Device();
        List<string> steps = [];
        AcceleratorProfile found = new DeviceMeasurement(device, AcceleratorProfiles.Default, steps.Add, default) { Rounds = Rounds }.Measure();

        Assert.True(found.IsMeasured);
        Assert.Equal(device.Name, found.Name);
        Near(Kernel, found.Kernel);
        Near(StepKernels, found.StepKernels);
        Near(Launch, found.Launch);
        Near(Latency, found.ToDeviceLatency);
        Near(2 * Latency, found.ToHostLatency);
        Near(0.5, found.ToDeviceBandwidth);
        Near(0.25, found.ToHostBandwidth);
        Near(100, found.Arithmetic);
        Near(2, found.Bandwidth);
        Assert.Equal(AcceleratorProfiles.Default.Cache, found.Cache);
        Assert.Contains("cache", found.Source, StringComparison.Ordinal);
        Assert.Equal(5, steps.Count);
        Assert.Equal(0, device.MemoryUsed);
    }

    [Fact]
    public void It_is_written_beside_what_is_there_and_planned_with()
    {
        string model = _tiny.Save();
        TuningFile other = TuningFile.Empty.With(new TuningSection(new MachineSignature("another", 8, "1.0"), "h2:00", true, [new TunedRequest([], [], [new TunedTime("Whole", [1], 5, 1)])]));
        File.WriteAllText(model + ".tune", other.Write());
        using EmulatedDevice device = Device();
        IReadOnlyList<string> profile = DeviceTuneRun.Run(model, 2, device, static _ => { }, default, Rounds);

        TuningFile file = TuningFile.Read(File.ReadAllText(model + ".tune"));
        Assert.Equal(2, file.Sections.Count);
        Assert.Equal(other.Sections[0].Requests[0].Times[0].Words, file.Find(other.Sections[0].Machine)!.Requests[0].Times[0].Words);
        Assert.Equal(profile, file.Sections.Single(s => s.Accelerator.Count > 0).Accelerator);
        Assert.Equal(profile, MeasuredAccelerator.Of(file));
        Assert.Equal(profile, AcceleratorProfileText.Lines(AcceleratorProfileText.Of(profile)));
        Assert.Equal(file.Write(), TuningFile.Read(file.Write()).Write());
    }

    [Fact]
    public void What_others_write_meanwhile_stays()
    {
        string model = _tiny.Save();
        TuningSection other = new(new MachineSignature("another", 8, "1.0"), "h2:00", true, [new TunedRequest([], [], [new TunedTime("Whole", [1], 5, 1)])]);
        using EmulatedDevice device = Device();
        DeviceTuneRun.Run(model, 2, device, _ => File.WriteAllText(model + ".tune", TuningFile.Empty.With(other).Write()), default, Rounds);
        Assert.Equal(2, TuningFile.Read(File.ReadAllText(model + ".tune")).Sections.Count);
    }

    [Fact]
    public void Of_several_the_slower_one_is_planned_for()
    {
        IReadOnlyList<string> slow = Lines(1000), fast = Lines(5000);
        TuningFile file = TuningFile.Empty.With(Section("a", fast)).With(Section("b", slow)).With(Section("c", []));
        Assert.Equal(slow, MeasuredAccelerator.Of(file));
        Assert.Empty(MeasuredAccelerator.Of(TuningFile.Empty.With(Section("c", []))));
        Assert.Throws<FormatException>(() => MeasuredAccelerator.Of(TuningFile.Empty.With(Section("a", ["nothing"]))));
    }

    [Fact]
    public void A_damaged_file_stays_and_a_cancelled_measurement_writes_nothing()
    {
        string model = _tiny.Save();
        using EmulatedDevice device = Device();
        using CancellationTokenSource cancelled = new();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => DeviceTuneRun.Run(model, 2, device, static _ => { }, cancelled.Token, Rounds));
        Assert.False(File.Exists(model + ".tune"));
        File.WriteAllText(model + ".tune", "nonsense");
        CommandException damaged = Assert.ThrowsAny<CommandException>(() => DeviceTuneRun.Run(model, 2, device, static _ => { }, default, Rounds));
        Assert.StartsWith(model + ".tune is damaged (line 1: ", damaged.Message);
        Assert.Equal("nonsense", File.ReadAllText(model + ".tune"));
    }

    [Fact]
    public void A_device_that_is_lost_meanwhile_leaves_no_file()
    {
        string model = _tiny.Save();
        using EmulatedDevice device = Device();
        device.Faults.Inject(FaultKind.LostAtRun, after: 5);
        Assert.Throws<DeviceLostException>(() => DeviceTuneRun.Run(model, 2, device, static _ => { }, default, Rounds));
        Assert.False(File.Exists(model + ".tune"));
    }

    [SkippableFact]
    public async Task Without_a_device_it_says_what_is_missing()
    {
        Skip.If(CudaDevice.Look().Problem(0) is null, "There is a GPU.");
        ToolRun run = await ToolRun.Of("tune", _tiny.Save(), "--device", "cuda");
        Assert.Equal(1, run.Code);
        Assert.StartsWith("cleave: error CLV4020: The device 'cuda:0' cannot be used: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(" To use it, ", run.Error, StringComparison.Ordinal);
        // The command has the library for the CPU.
        Assert.Contains("name that package's library with --onnxruntime", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_tiny.Path + ".tune"));
    }

    [Theory]
    [InlineData("MODEL")]
    [InlineData("MODEL", "--device", "cuda")]
    [InlineData("--ensemble", "Vision", "MODEL", "MODEL", "--device", "cuda:0")]
    public async Task A_library_that_is_not_there_is_named(params string[] arguments)
    {
        string model = _tiny.Save();
        ToolRun run = await ToolRun.Of(["tune", .. arguments.Select(a => a == "MODEL" ? model : a), "--onnxruntime", "missing.so"]);
        Assert.Equal((1, "cleave: error --onnxruntime missing.so: there is no such file.\n"), (run.Code, run.Error));
    }

    /// <summary>In a process of its own: one process has one library. The one for the CPU serves, and has no CUDA.</summary>
    [SkippableFact]
    public async Task The_library_that_is_given_is_measured_on()
    {
        Skip.If(CudaDevice.Look().Problem(0) is null, "There is a GPU.");
        string model = _tiny.Save(), own = LoadedOnnxRuntime.Find().File!;
        foreach ((string library, string expected) in new[] { (own, "CLV4020: The device 'cuda:0' cannot be used: "), (model, $"'{model}' cannot be used by this command, ") })
        {
            (string program, string[] before) = new WorkerHost(typeof(CleaveCommand).Assembly).Command;
            ProcessStartInfo start = new(program, [.. before, "tune", model, "--device", "cuda", "--onnxruntime", library]) { RedirectStandardError = true };
            using Process tool = Process.Start(start)!;
            string error = await tool.StandardError.ReadToEndAsync();
            await tool.WaitForExitAsync();
            Assert.Equal(1, tool.ExitCode);
            Assert.StartsWith("cleave: error " + expected, error, StringComparison.Ordinal);
            // That was done.
            Assert.DoesNotContain("name that package's library with --onnxruntime", error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("tpu")]
    [InlineData("cuda:x")]
    [InlineData("cuda:-1")]
    public async Task What_is_no_device_is_named(string device)
    {
        ToolRun run = await ToolRun.Of("tune", _tiny.Save(), "--device", device);
        Assert.Equal((1, $"cleave: error --device {device}: use cuda, or cuda:1 for the second.\n"), (run.Code, run.Error));
    }

    [Fact]
    public async Task There_is_no_JSON_of_a_profile()
    {
        ToolRun run = await ToolRun.Of("tune", _tiny.Save(), "--device", "cuda", "--json");
        Assert.NotEqual(0, run.Code);
        Assert.Contains("--json: what --device measures is lines of text", run.Error, StringComparison.Ordinal);
    }

    // Within a third: what else the machine does only ever makes it slower; what is a difference of two may come out less.
    private static void Near(double expected, double found) => Assert.InRange(found, expected / 1.34, expected * 1.34);

    private static EmulatedDevice Device() => new(new EmulatorProfile
    {
        Computes = false,
        LaunchCost = Launch,
        ToDeviceLatency = Latency,
        ToHostLatency = 2 * Latency,
        ToDeviceBandwidth = 0.5,
        ToHostBandwidth = 0.25,
        RunTime = static (program, _) => Time(program.Segment),
    });

    private static double Time(string probe) => Kernel + probe switch
    {
        _ when probe.StartsWith("chain of ", StringComparison.Ordinal) => Kernel * (int.Parse(probe[9..], System.Globalization.CultureInfo.InvariantCulture) - 1),
        _ when probe.StartsWith("product", StringComparison.Ordinal) => Math.Pow(DeviceMeasurement.Size, 3) / 100,
        _ when probe.StartsWith("stream", StringComparison.Ordinal) => 2.0 * sizeof(float) * DeviceMeasurement.Floats / 2,
        _ => Kernel * StepKernels * int.Parse(probe.Split(' ')[3], System.Globalization.CultureInfo.InvariantCulture),
    };

    private static TuningSection Section(string processor, IReadOnlyList<string> accelerator) => new(new MachineSignature(processor, 2, "1.0"), "h2:00", true, []) { Accelerator = accelerator };

    private static IReadOnlyList<string> Lines(double arithmetic) =>
        [.. AcceleratorProfileText.Lines(AcceleratorProfiles.Default).Select(l => l.StartsWith("arithmetic ", StringComparison.Ordinal) ? FormattableString.Invariant($"arithmetic {arithmetic}") : l)];
}
