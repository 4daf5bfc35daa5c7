using System;
using Cleave.Core.Graph;
using Cleave.Emulator;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Devices;

/// <summary>Models with plans for an emulated device, as the generator would write them. A plan of its own each time.</summary>
/// <param name="Model">The model.</param>
/// <param name="Plan">The plan for the device.</param>
internal sealed record DeviceModel(ModelProto Model, Plan Plan)
{
    /// <summary>The cores with which the CPU alone does as well.</summary>
    public int FewerCoresThan { get; init; } = int.MaxValue;

    public const int Width = 16;

    public LooseRunner Runner(EmulatedDevice device, DevicePolicy policy = DevicePolicy.Require, RunnerOptions? options = null)
    {
        options ??= new RunnerOptions();
        options.Device = new DeviceOptions { Policy = policy, Opener = _ => device };
        return Open(options);
    }

    public LooseRunner Open(RunnerOptions options)
    {
        options.Model ??= ModelSource.Bytes(Model.ToByteArray());
        return new LooseRunner(Definition, options);
    }

    public ModelDefinition Definition
    {
        get
        {
            ModelDefinition plain = Definitions.Of(Model);
            return new ModelDefinition(1, "test", plain.Path, plain.Hash, plain.Inputs, plain.Outputs, plain.Budgets)
            {
                Device = new DevicePlan("emulated", Plan, [.. Array.ConvertAll(Plan.Lanes, static _ => 1)]) { FewerCoresThan = FewerCoresThan },
            };
        }
    }

    /// <summary>The same by ONNX Runtime alone.</summary>
    public LooseRunner Reference() => LooseRunner.Of(Model);

    /// <summary>y = relu(relu(x * w1) * w2), in two segments, both on the device: what lies between them stays there.</summary>
    public static DeviceModel Chain(object? rows = null, Action? inLane = null)
    {
        Dim n = rows is string name ? name : (Dim)(rows is int size ? size : 1);
        Value x = Value.Tensor<float>("x", n, Width), b = Value.Tensor<float>("b", n, Width), y = Value.Tensor<float>("y", n, Width);
        Segment first = There("First", "0-1", [x], [b]), second = There("Second", "2-3", [b], [y]);
        return new(
            Onnx.Model(
                [Tensor("x", ElementType.Float, rows ?? 1, Width)], [Tensor("y", ElementType.Float, rows ?? 1, Width)],
                [Node("MatMul", ["x", "w1"], ["a"]), Node("Relu", ["a"], ["b"]), Node("MatMul", ["b", "w2"], ["c"]), Node("Relu", ["c"], ["y"])],
                [Weights("w1", 1), Weights("w2", 2)]),
            new Plan("Chain", [first, second], static _ => { }, lane =>
            {
                inLane?.Invoke();
                lane.Launch(first);
                lane.Launch(second);
            }));
    }

    /// <summary>y = relu(x * wa) + relu(x * wb): the one tower and the sum on the CPU, the other on the device.</summary>
    public static DeviceModel Towers(Action? afterLaunch = null, Action? afterLeft = null)
    {
        Value x = Value.Tensor<float>("x", 1, Width), a = Value.Tensor<float>("a", 1, Width), b = Value.Tensor<float>("b", 1, Width), y = Value.Tensor<float>("y", 1, Width);
        Segment left = new("Left", "0-1", [x], [a]), right = There("Right", "2-3", [x], [b]), join = new("Join", "4", [a, b], [y]);
        return new(Lanes.Towers.Model(), new Plan("Towers", [left, right, join], Trunk, Device));

        void Trunk(Lane lane)
        {
            lane.Run(left);
            afterLeft?.Invoke();
            lane.Receive(b);
            lane.Run(join);
        }

        void Device(Lane lane)
        {
            lane.Launch(right);
            lane.Send(b);
            afterLaunch?.Invoke();
        }
    }

    /// <summary>
    /// x → device → CPU → device: b goes down and is an output, too; c goes up; both are read again on the device, which has b still.
    /// </summary>
    public static DeviceModel ThereAndBack()
    {
        Value x = Value.Tensor<float>("x", "n"), b = Value.Tensor<float>("b", "n"), c = Value.Tensor<float>("c", "n"), y = Value.Tensor<float>("y", "n");
        Segment up = There("Up", "0", [x], [b]), middle = new("Middle", "1", [b], [c]), down = There("Down", "2", [b, c], [y]);
        return new(
            Onnx.Model(
                [Tensor("x", ElementType.Float, "n")], [Tensor("y", ElementType.Float, "n"), Tensor("b", ElementType.Float, "n")],
                [Node("Abs", ["x"], ["b"]), Node("Sqrt", ["b"], ["c"]), Node("Add", ["b", "c"], ["y"])]),
            new Plan("ThereAndBack", [up, middle, down], Trunk, Device));

        void Trunk(Lane lane)
        {
            lane.Receive(b);
            lane.Run(middle);
            lane.Send(c);
        }

        void Device(Lane lane)
        {
            lane.Launch(up);
            lane.Send(b);
            lane.Receive(c);
            lane.Launch(down);
        }
    }

    /// <summary>where = positions of what is not zero, found on the device; y = abs(x) there, on the CPU.</summary>
    /// <param name="declared">What the model says of the unknown dimension, right or wrong.</param>
    public static DeviceModel NonZero(string? declared)
    {
        Dim found = declared is null ? Dim.Unknown : declared;
        Value x = Value.Tensor<float>("x", "n"), a = Value.Tensor<float>("a", "n"), where = Value.Tensor<long>("where", 1, found), y = Value.Tensor<float>("y", 1, found);
        Segment abs = new("Abs", "0", [x], [a]), find = There("Find", "1", [x], [where]), take = new("Take", "2", [a, where], [y]);
        return new(
            Onnx.Model(
                [Tensor("x", ElementType.Float, "n")], [Tensor("y", ElementType.Float, 1, declared), Tensor("where", ElementType.Int64, 1, declared)],
                [Node("Abs", ["x"], ["a"]), Node("NonZero", ["x"], ["where"]), Node("Gather", ["a", "where"], ["y"])]),
            new Plan("NonZero", [abs, find, take], Trunk, Device));

        void Trunk(Lane lane)
        {
            lane.Run(abs);
            lane.Receive(where);
            lane.Run(take);
        }

        void Device(Lane lane)
        {
            lane.Launch(find);
            lane.Send(where);
        }
    }

    /// <summary>y = abs(x) on the device + table[index] on the CPU: fails there for an index outside of the four rows.</summary>
    public static DeviceModel Lookup()
    {
        Value x = Value.Tensor<float>("x", 1), index = Value.Tensor<long>("index", 1), a = Value.Tensor<float>("a", 1), y = Value.Tensor<float>("y", 1);
        Segment abs = There("Abs", "0", [x], [a]), look = new("Look", "1-2", [a, index], [y]);
        return new(
            Onnx.Model(
                [Tensor("x", ElementType.Float, 1), Tensor("index", ElementType.Int64, 1)], [Tensor("y", ElementType.Float, 1)],
                [Node("Abs", ["x"], ["a"]), Node("Gather", ["table", "index"], ["row"]), Node("Add", ["a", "row"], ["y"])],
                [Floats("table", [4], 10, 20, 30, 40)]),
            new Plan("Lookup", [abs, look], lane =>
            {
                lane.Receive(a);
                lane.Run(look);
            }, lane =>
            {
                lane.Launch(abs);
                lane.Send(a);
            }));
    }

    /// <summary>y = reshape(relu(x), abs(shape)), z = reshape(relu(x), shape), all on the device: one shape comes from the host, the other is made on the device.</summary>
    public static DeviceModel Reshapes()
    {
        Value x = Value.Tensor<float>("x", 6), shape = Value.Tensor<long>("shape", 2), a = Value.Tensor<float>("a", 6), made = Value.Tensor<long>("made", 2);
        Value y = Value.Tensor<float>("y", Dim.Unknown, Dim.Unknown), z = Value.Tensor<float>("z", Dim.Unknown, Dim.Unknown);
        Segment first = There("First", "0-1", [x, shape], [a, made]), second = There("Second", "2-3", [a, made, shape], [y, z]);
        return new(
            Onnx.Model(
                [Tensor("x", ElementType.Float, 6), Tensor("shape", ElementType.Int64, 2)], [Tensor("y", ElementType.Float, null, null), Tensor("z", ElementType.Float, null, null)],
                [Node("Relu", ["x"], ["a"]), Node("Abs", ["shape"], ["made"]), Node("Reshape", ["a", "made"], ["y"]), Node("Reshape", ["a", "shape"], ["z"])]),
            new Plan("Reshapes", [first, second], static _ => { }, lane =>
            {
                lane.Launch(first);
                lane.Launch(second);
            }));
    }

    private static Segment There(string name, string nodes, Value[] reads, Value[] writes) => Segment.OnDevice(name, nodes, reads, writes, weightBytes: 1000, workspaceBytes: 100);

    private static TensorProto Weights(string name, int seed) => Floats(name, [Width, Width], Onnx.Random(Width * Width, seed));
}
