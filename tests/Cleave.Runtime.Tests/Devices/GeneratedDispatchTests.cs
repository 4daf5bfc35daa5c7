using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using Cleave.Core.Listing;
using Cleave.Devices.Cuda;
using Cleave.Emulator;
using Cleave.Runtime.Tests.Support;
using Cleave.TestKit.Generation;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests.Devices;

/// <summary>From item metadata by way of generator and compiler to results: on an emulated device, and on a machine that has none.</summary>
public sealed class GeneratedDispatchTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cleave-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("LSTM", 256, "Latency", null)]
    [InlineData("GRU", 256, "GpuMemory", "1ms")]
    public async Task Generated_code_runs_on_a_device_as_it_says(string cell, int width, string objective, string? deadline)
    {
        GeneratedModel model = Generate(cell, width, objective, deadline);
        string code = model.Sources.Values.Single(s => s.Contains("DevicePlan", StringComparison.Ordinal));
        Assert.Contains("lane.Launch(", code, StringComparison.Ordinal);
        EmulatedDevice device = new(new EmulatorProfile { RunTime = (_, _) => 100_000 });
        await using GeneratedRunner runner = model.CreateRunner(new RunnerOptions { Device = DeviceOptions.Require with { Opener = _ => device } });
        for (int i = 0; i < 3; i++)
            SameAsSession(model, runner, i);
        string[] launched = [.. device.Operations.Where(o => o.Bytes == 0).Select(o => o.What).Distinct()];
        Assert.Equal(code.Split("Segment.OnDevice(").Length - 1, launched.Length);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(16)]
    public async Task What_the_item_allows_of_the_memory_binds_the_plan_and_the_device(int megabytes)
    {
        long limit = (long)megabytes << 20;
        GeneratedModel model = Generate("GRU", 256, "Latency", null, megabytes + "MB");
        EmulatedDevice? device = null;
        RunnerOptions options = new() { Device = DeviceOptions.Require with { MemoryLimit = limit, Opener = asked => device = new EmulatedDevice(new EmulatorProfile { MemoryLimit = asked.MemoryLimit ?? long.MaxValue }) } };
        await using GeneratedRunner runner = model.CreateRunner(options);
        for (int i = 0; i < 3; i++)
            SameAsSession(model, runner, i);
        // What the planner counts is what the runner takes.
        Assert.Equal(limit, device!.MemoryLimit);
        Assert.InRange(device.MemoryPeak, 1, limit);
        string code = model.Sources.Values.Single(s => s.Contains("DevicePlan", StringComparison.Ordinal));
        Assert.Contains("MemoryLimit = " + limit + "L", code, StringComparison.Ordinal);
        double planned = double.Parse(Regex.Match(code, @"([0-9.]+) MB there").Groups[1].Value, CultureInfo.InvariantCulture);
        Assert.InRange(planned, 0.1, limit / 1e6);
    }

    [SkippableFact]
    public async Task Without_a_device_the_policy_decides()
    {
        Skip.If(CudaDevice.Look().Problem(0) is null, "There is a GPU.");
        GeneratedModel model = Generate("LSTM", 256, "Latency", null);
        ListLogger log = new();
        await using GeneratedRunner runner = model.CreateRunner(new RunnerOptions { Logger = log });
        SameAsSession(model, runner, 1);
        string warning = Assert.Single(log.Warnings);
        Assert.StartsWith("Cleave runs lstm on the CPU, although it was planned for an accelerator: CLV4020: The device 'cuda:0' cannot be used: ", warning, StringComparison.Ordinal);
        Assert.Contains(" To use it, ", warning, StringComparison.Ordinal);

        DeviceUnavailableException e = Assert.Throws<DeviceUnavailableException>(() => model.CreateRunner(new RunnerOptions { Device = DeviceOptions.Require }));
        Assert.Equal(("CLV4020", "cuda:0"), (e.Id, e.Device));
    }

    private GeneratedModel Generate(string cell, int width, string objective, string? deadline, string? memory = null)
    {
        string path = Path.Combine(_folder, cell.ToLowerInvariant() + ".onnx");
        File.WriteAllBytes(path, new Recurrent(cell, 2, width, 32).Bidirectional().ToByteArray());
        List<KeyValuePair<string, string>> settings = [new("Accelerator", "Cuda"), new("Objective", objective)];
        if (deadline != null)
            settings.Add(new("Deadline", deadline));
        if (memory != null)
            settings.Add(new("GpuMemory", memory));
        return GeneratedModel.FromFile(path, new ListingOptions { Settings = settings });
    }

    private void SameAsSession(GeneratedModel model, GeneratedRunner runner, int seed)
    {
        using InferenceSession session = new(Directory.GetFiles(_folder).Single());
        string input = session.InputNames[0];
        int[] shape = session.InputMetadata[input].Dimensions;
        float[] x = Onnx.Random(shape.Aggregate(1, (a, b) => a * b), seed);
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(x, Array.ConvertAll(shape, s => (long)s));
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> expected = session.Run(options, [input], [value], session.OutputNames);
        IReadOnlyDictionary<string, TensorData> found = runner.Run(new Dictionary<string, TensorData> { [input] = new(x, shape) });
        for (int i = 0; i < expected.Count; i++)
            DispatchTests.Same(expected[i].GetTensorDataAsSpan<float>().ToArray(), found[session.OutputNames[i]].As<float>().ToArray());
    }
}
