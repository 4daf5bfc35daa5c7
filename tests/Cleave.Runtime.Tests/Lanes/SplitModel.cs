using System;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Google.Protobuf;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Lanes;

/// <summary>A model and a plan that splits it. A plan of its own each time: its lanes may be changed by the test.</summary>
internal sealed class SplitModel(ModelProto model, Plan plan, string name = "test")
{
    public LooseRunner Runner(RunnerOptions? options = null)
    {
        ModelDefinition plain = Definitions.Of(model);
        Plan whole = Definitions.Whole(plain.Inputs, plain.Outputs);
        Budget split = new(2, plan, [.. Array.ConvertAll(plan.Lanes, static _ => 1)]);
        options ??= new RunnerOptions();
        if (options.Plan is null or PlanChoice.Auto)
            options.Plan = PlanChoice.Split;
        options.Model = ModelSource.Bytes(model.ToByteArray());
        return new LooseRunner(new(1, name, plain.Path, plain.Hash, plain.Inputs, plain.Outputs, [new(1, whole, 1), split]), options);
    }

    /// <summary>
    /// y = abs(x) + table[index], by two lanes that share nothing but the end: fails for an index outside of the four rows.
    /// </summary>
    public static SplitModel Lookup(Action? inSide = null, string name = "test")
    {
        Value x = Value.Tensor<float>("x", 1), index = Value.Tensor<long>("index", 1);
        Value a = Value.Tensor<float>("a", 1), row = Value.Tensor<float>("row", 1), y = Value.Tensor<float>("y", 1);
        Segment left = new("Left", "0", [x], [a]), right = new("Right", "1", [index], [row]), join = new("Join", "2", [a, row], [y]);
        return new(
            Onnx.Model(
                [Tensor("x", ElementType.Float, 1), Tensor("index", ElementType.Int64, 1)], [Tensor("y", ElementType.Float, 1)],
                [Node("Abs", ["x"], ["a"]), Node("Gather", ["table", "index"], ["row"]), Node("Add", ["a", "row"], ["y"])],
                [Floats("table", [4], 10, 20, 30, 40)]),
            new Plan("TwoLanes", [left, right, join], Trunk, Side), name);

        void Trunk(Lane lane)
        {
            lane.Run(left);
            lane.Receive(row);
            lane.Run(join);
        }

        void Side(Lane lane)
        {
            lane.Run(right);
            inSide?.Invoke();
            lane.Send(row);
        }
    }

    public static Request LookupOf(float x, long index) => (ref b) =>
    {
        b.Copy<float>(0, new[] { x });
        b.Copy<long>(1, new[] { index });
    };

    /// <summary>total = x * times, by a loop in the second lane: runs as long as one likes.</summary>
    public static SplitModel Loop()
    {
        ModelProto model = Models.Loop();
        model.Graph.Node[0].Output[0] = "sum";
        model.Graph.Node.Add([Node("Abs", ["x"], ["a"]), Node("Mul", ["sum", "a"], ["total"])]);
        Value times = Value.Tensor<long>("times"), x = Value.Tensor<float>("x");
        Value sum = Value.Tensor<float>("sum"), a = Value.Tensor<float>("a"), total = Value.Tensor<float>("total");
        Segment abs = new("Abs", "1", [x], [a]), loop = new("Loop", "0", [times, x], [sum]), end = new("End", "2", [sum, a], [total]);
        return new(model, new Plan("TwoLanes", [abs, loop, end], Trunk, Side));

        void Trunk(Lane lane)
        {
            lane.Run(abs);
            lane.Receive(sum);
            lane.Run(end);
        }

        void Side(Lane lane)
        {
            lane.Run(loop);
            lane.Send(sum);
        }
    }

    public static Request LoopOf(long times, float x) => (ref b) =>
    {
        b.Copy(0, times);
        b.Copy(1, x);
    };

    /// <summary>y[1, ?] = abs(x) where x is not zero: a value inside, and an output, whose shapes nobody knows before they are there.</summary>
    /// <param name="declared">What the model says of the unknown dimension, right or wrong.</param>
    /// <param name="isSteady">Whether it is said, wrongly, that calls of equal dimensions give it the same size.</param>
    public static SplitModel NonZero(string? declared = null, bool isSteady = false)
    {
        Dim found = declared is null ? Dim.Unknown : declared;
        Value x = Value.Tensor<float>("x", "n"), a = Value.Tensor<float>("a", "n");
        Value where = Value.Tensor<long>("where", 1, found), y = Value.Tensor<float>("y", 1, found), count = Value.Tensor<long>("count", 2);
        if (isSteady)
            (where, y) = (where.ShapedByInputs(), y.ShapedByInputs());
        Segment abs = new("Abs", "0", [x], [a]), find = new("Find", "1", [x], [where]);
        Segment take = new("Take", "2", [a, where], [y]), shape = new("Shape", "3", [where], [count]);
        return new(
            Onnx.Model(
                [Tensor("x", ElementType.Float, "n")], [Tensor("y", ElementType.Float, 1, declared), Tensor("count", ElementType.Int64, 2)],
                [Node("Abs", ["x"], ["a"]), Node("NonZero", ["x"], ["where"]), Node("Gather", ["a", "where"], ["y"]), Node("Shape", ["where"], ["count"])]),
            new Plan("ThreeLanes", [abs, find, take, shape], Trunk, Finder, Counter));

        void Trunk(Lane lane)
        {
            lane.Run(abs);
            lane.Receive(where);
            lane.Run(take);
        }

        void Finder(Lane lane)
        {
            lane.Run(find);
            lane.Send(where);
        }

        void Counter(Lane lane)
        {
            lane.Receive(where);
            lane.Run(shape);
        }
    }

    public static Request RelayOf(params long[] values) => (ref b) =>
    {
        b.Dim(values.Length);
        b.Copy<long>(0, values);
    };

    /// <summary>y = x by way of two values inside, for any element type: three lanes in a row. The middle value is an output, too.</summary>
    public static SplitModel Relay<T>(ElementType type, Action? inLast = null)
    {
        Value x = Value.Tensor<T>("x", "n"), a = Value.Tensor<T>("a", "n"), b = Value.Tensor<T>("b", "n"), y = Value.Tensor<T>("y", "n");
        Segment first = new("First", "0", [x], [a]), second = new("Second", "1", [a], [b]), third = new("Third", "2", [b], [y]);
        return new(
            Onnx.Model(
                [Tensor("x", type, "n")], [Tensor("y", type, "n"), Tensor("b", type, "n")],
                [Node("Identity", ["x"], ["a"]), Node("Identity", ["a"], ["b"]), Node("Identity", ["b"], ["y"])], ir: 9, opset: 19),
            new Plan("Chain", [first, second, third],
                lane =>
                {
                    lane.Run(first);
                    lane.Send(a);
                },
                lane =>
                {
                    lane.Receive(a);
                    lane.Run(second);
                    lane.Send(b);
                },
                lane =>
                {
                    lane.Receive(b);
                    inLast?.Invoke();
                    lane.Run(third);
                }));
    }
}
