using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Placement;
using Cleave.Core.Schedule;
using Cleave.Core.Shapes;
using Cleave.Generated;

namespace Cleave.Emulator;

/// <summary>A model of fixed sizes as the generator would place it, in the form of generated code but without names, and the emulated device that takes what was predicted.</summary>
/// <param name="Definition">What a runner opens.</param>
/// <param name="Bytes">The model.</param>
/// <param name="Run">The plan.</param>
/// <param name="Accelerator">What it was planned for.</param>
internal sealed record PlacedModel(ModelDefinition Definition, byte[] Bytes, PlacedRun Run, AcceleratorProfile Accelerator)
{
    /// <summary>Options of a runner on an emulated device.</summary>
    public RunnerOptions Options(EmulatedDevice device, DevicePolicy policy = DevicePolicy.Require) => new()
    {
        Model = ModelSource.Bytes(Bytes),
        Device = new DeviceOptions { Policy = policy, Opener = _ => device },
    };

    /// <param name="model">The model.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="lanes">Lanes of the CPU.</param>
    /// <exception cref="InvalidOperationException">Nothing is planned on the accelerator.</exception>
    public static PlacedModel Of(byte[] model, PlacementRequest request, AcceleratorProfile accelerator, int lanes = 1)
    {
        OnnxModel read = ModelReader.Read(ByteSource.FromBytes(model), CancellationToken.None);
        SizedGraph graph = new(PlanGraphBuilder.Build(ShapeInference.Infer(read)), static _ => 1);
        PlacedRun run = PlacedPlanner.Plan(graph, new CostModel(DeviceTables.Baked), accelerator, request, lanes, out _, out string why)
            ?? throw new InvalidOperationException("Nothing is on the accelerator: " + why + ".");
        Dictionary<string, Value> values = new(StringComparer.Ordinal);
        Value[] inputs = [.. read.Graph.Inputs.Where(i => read.Graph.Initializers.All(t => t.Name != i.Name)).Select(i => Of(i.Name))];
        Value[] outputs = [.. read.Graph.Outputs.Select(o => Of(o.Name))];
        Segment whole = new("Whole", "*", inputs, outputs);
        Plan cpu = new("Whole", [whole], lane => lane.Run(whole));
        Segment[] segments = [.. run.Plan.Segments.Select((s, i) => SegmentOf(s, i, run.Segments[i], Of))];
        Plan placed = new("Placed", segments, [.. run.Plan.Lanes.Select(l => Lane(l, segments, Of))]);
        ModelDefinition definition = new(1, "placed", "models/placed.onnx", ListingWriter.Hash(read), inputs, outputs, [new(1, cpu, 1)])
        {
            Device = new DevicePlan("emulated", placed, run.Threads),
        };
        return new PlacedModel(definition, model, run, accelerator)
        {
            BytesOf = graph.Bytes,
        };

        Value Of(string name)
        {
            if (!values.TryGetValue(name, out Value? value))
                values.Add(name, value = Value.Of(name, graph.Graph.Facts.Of(name).Element, [.. graph.Shape(name)!.Select(d => (Generated.Dim)(int)d)]));
            return value;
        }
    }

    /// <summary>A device that takes the times that were predicted.</summary>
    /// <param name="computes">Whether it computes results.</param>
    /// <param name="memory">Bytes that it has; null: as many as the accelerator.</param>
    public EmulatorProfile Emulated(bool computes = true, long? memory = null)
    {
        Dictionary<string, double> times = [];
        foreach ((PlanSegment segment, int i) in Run.Plan.Segments.Select((s, i) => (s, i)))
            times[Name(segment, i)] = Run.Segments[i].Nanoseconds;
        return new EmulatorProfile
        {
            LaunchCost = Accelerator.Launch,
            ToDeviceLatency = Accelerator.ToDeviceLatency,
            ToDeviceBandwidth = Accelerator.ToDeviceBandwidth,
            ToHostLatency = Accelerator.ToHostLatency,
            ToHostBandwidth = Accelerator.ToHostBandwidth,
            MemoryLimit = memory ?? (long)Accelerator.Memory,
            RunTime = (program, _) => times[program.Segment],
            Computes = computes,
        };
    }

    /// <summary>The size of a value.</summary>
    public required Func<string, double> BytesOf { get; init; }

    /// <summary>The copies of a request, in ordinal order: what one side makes, or the caller gives, and the other reads; and the outputs.</summary>
    public IReadOnlyList<string> PlannedCopies
    {
        get
        {
            HashSet<string> madeThere = [], readThere = [], readHere = [.. Definition.Outputs.Select(static o => o.Name)];
            for (int i = 0; i < Run.Segments.Count; i++)
            {
                if (Run.Segments[i].IsOnDevice)
                    madeThere.UnionWith(Run.Plan.Segments[i].Writes);
                (Run.Segments[i].IsOnDevice ? readThere : readHere).UnionWith(Run.Plan.Segments[i].Reads);
            }
            return
            [
                .. readThere.Where(v => !madeThere.Contains(v)).Select(static v => Copy(DeviceEngine.ToDevice, v))
                    .Concat(madeThere.Where(readHere.Contains).Select(static v => Copy(DeviceEngine.ToHost, v)))
                    .Order(StringComparer.Ordinal),
            ];
        }
    }

    /// <summary>Those of some operations of the device, in ordinal order.</summary>
    public static IReadOnlyList<string> Copies(IEnumerable<DeviceOperation> operations) =>
        [.. operations.Where(static o => o.Engine != DeviceEngine.Compute).Select(static o => Copy(o.Engine, o.What)).Order(StringComparer.Ordinal)];

    private static string Copy(DeviceEngine engine, string value) => engine + " " + value;

    // No two alike: they tell times apart.
    private static string Name(PlanSegment segment, int index) => index + " " + segment.Name;

    private static Segment SegmentOf(PlanSegment segment, int index, PlacedSegment placed, Func<string, Value> value)
    {
        string nodes = NodeRanges.Write([.. segment.Nodes.OrderBy(static n => n)]);
        Value[] reads = Array.ConvertAll(segment.Reads, r => value(r)), writes = Array.ConvertAll(segment.Writes, w => value(w));
        return placed.IsOnDevice
            ? Segment.OnDevice(Name(segment, index), nodes, reads, writes, placed.WeightBytes, placed.WorkspaceBytes)
            : new Segment(Name(segment, index), nodes, reads, writes);
    }

    private static Action<Lane> Lane(PlanLane lane, Segment[] segments, Func<string, Value> value)
    {
        List<Action<Lane>> statements = [];
        HashSet<string> sent = new(StringComparer.Ordinal);
        foreach (Statement statement in lane.Statements)
        {
            if (statement is Statement.Run { Segment: var index })
                statements.Add(segments[index].IsOnDevice ? l => l.Launch(segments[index]) : l => l.Run(segments[index]));
            else if (statement is Statement.Send send)
                statements.AddRange(send.Values.Where(sent.Add).Select(v => (Action<Lane>)(l => l.Send(value(v)))));
            else if (statement is Statement.Receive receive)
                statements.AddRange(receive.Values.Select(v => (Action<Lane>)(l => l.Receive(value(v)))));
        }
        return l =>
        {
            foreach (Action<Lane> statement in statements)
                statement(l);
        };
    }
}
