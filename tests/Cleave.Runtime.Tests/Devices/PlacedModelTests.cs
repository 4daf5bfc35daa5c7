using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading.Tasks;
using Cleave.Core.Placement;
using Cleave.Emulator;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Cleave.TestKit;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Runtime.Tests.Devices;

/// <summary>From a model by way of the placement planner to results: the same as ONNX Runtime's, with exactly the copies that were planned.</summary>
public sealed class PlacedModelTests
{
    private static readonly AcceleratorProfile Fast = AcceleratorProfiles.Default;

    public static TheoryData<string, int> Models => new()
    {
        { "lstm", 1 }, { "lstm both ways", 1 }, { "gru", 1 }, { "gru both ways 256", 2 }, { "lstm and its output again", 1 },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void Results_and_copies_are_as_planned(string name, int lanes)
    {
        byte[] model = Build(name).ToByteArray();
        PlacedModel placed = PlacedModel.Of(model, new PlacementRequest(PlacementObjective.Latency), Fast, lanes);
        using EmulatedDevice device = new(placed.Emulated());
        using LooseRunner runner = new(placed.Definition, placed.Options(device));
        using InferenceSession session = new(model);
        Assert.NotEmpty(placed.PlannedCopies);
        for (int i = 0; i < 3; i++)
        {
            int before = device.Operations.Count;
            SameAsSession(session, runner, i);
            Assert.Equal(placed.PlannedCopies, PlacedModel.Copies(device.Operations.Skip(before)));
        }
        Assert.Equal(placed.Run.DeviceBytes, device.MemoryUsed);
    }

    [Fact]
    public void The_objective_of_memory_uses_less_of_it()
    {
        byte[] model = Build("gru 256").ToByteArray();
        PlacedModel fast = PlacedModel.Of(model, new PlacementRequest(PlacementObjective.Latency), Fast);
        PlacedModel small = PlacedModel.Of(model, new PlacementRequest(PlacementObjective.Memory, fast.Run.Placement.DeviceOnly.Makespan * 2.5), Fast);
        Assert.True(small.Run.DeviceBytes < fast.Run.DeviceBytes, $"{small.Run.DeviceBytes} of {fast.Run.DeviceBytes}");
        using EmulatedDevice device = new(small.Emulated(memory: small.Run.DeviceBytes));
        using LooseRunner runner = new(small.Definition, small.Options(device));
        using InferenceSession session = new(model);
        SameAsSession(session, runner, 1);
        Assert.Equal(small.Run.DeviceBytes, device.MemoryPeak);
        Assert.Contains(small.Run.Segments, s => !s.IsOnDevice && s.Nanoseconds > 100_000);
    }

    [Fact]
    public void The_default_profile_is_the_committed_one()
    {
        using StreamReader text = File.OpenText(Path.Combine(SharedModels.Repository, "benchmarks", "placement", "profiles", "t4.txt"));
        AcceleratorProfile file = AcceleratorProfileText.Read(text);
        foreach (PropertyInfo property in typeof(AcceleratorProfile).GetProperties())
            Assert.Equal(property.GetValue(file), property.GetValue(AcceleratorProfiles.Default));
        Assert.False(file.IsMeasured);
    }

    [Fact]
    public async Task Stress_a_placed_model_under_many_callers()
    {
        byte[] model = Build("lstm both ways").ToByteArray();
        PlacedModel placed = PlacedModel.Of(model, new PlacementRequest(PlacementObjective.Latency), Fast);
        using EmulatedDevice device = new(placed.Emulated() with { Speed = 20, ToDeviceLatency = 1000, ToHostLatency = 1000 });
        using LooseRunner runner = new(placed.Definition, placed.Options(device, DevicePolicy.Prefer));
        using InferenceSession session = new(model);
        for (int i = 10; i < 100; i += 20)
            device.Faults.Inject(FaultKind.OutOfMemoryAtRun, i);
        Task[] callers = [.. Enumerable.Range(0, 4).Select(caller => Task.Run(() =>
        {
            for (int i = 0; i < 20; i++)
                SameAsSession(session, runner, (caller * 20) + i);
        }))];
        await Task.WhenAll(callers).WaitAsync(TimeSpan.FromMinutes(2));
        Assert.True(runner.DeviceReport!.RanAgain >= 3);
        Assert.Equal("emulated:0", runner.DeviceReport.Device);
    }

    private static void SameAsSession(InferenceSession session, LooseRunner runner, int seed)
    {
        string input = session.InputNames[0];
        int[] shape = session.InputMetadata[input].Dimensions;
        float[] x = Onnx.Random(shape.Aggregate(1, (a, b) => a * b), seed);
        using OrtValue value = OrtValue.CreateTensorValueFromMemory(x, Array.ConvertAll(shape, s => (long)s));
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> expected = session.Run(options, [input], [value], session.OutputNames);
        using LooseOutput found = runner.Run(DispatchTests.Request(x));
        for (int i = 0; i < expected.Count; i++)
            DispatchTests.Same(expected[i].GetTensorDataAsSpan<float>().ToArray(), found.Get<float>(i).Span.ToArray());
    }

    private static ModelProto Build(string name) => name switch
    {
        "lstm" => new Recurrent("LSTM", 4, 128, 64).Stacked(),
        "lstm and its output again" => WithOutputAgain(new Recurrent("LSTM", 4, 128, 64).Stacked()),
        "lstm both ways" => new Recurrent("LSTM", 2, 128, 32).Bidirectional(),
        "gru" => new Recurrent("GRU", 2, 128, 32).Bidirectional(),
        "gru both ways 256" => new Recurrent("GRU", 2, 256, 32).Bidirectional(),
        "gru 256" => new Recurrent("GRU", 4, 256, 64).Stacked(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    // By nodes that do nothing.
    private static ModelProto WithOutputAgain(ModelProto model)
    {
        string output = model.Graph.Output[0].Name;
        foreach (string op in (string[])["Identity", "Dropout"])
        {
            model.Graph.Node.Add(new NodeProto { OpType = op, Name = op, Input = { output }, Output = { op } });
            ValueInfoProto again = model.Graph.Output[0].Clone();
            again.Name = op;
            model.Graph.Output.Add(again);
        }
        return model;
    }
}
