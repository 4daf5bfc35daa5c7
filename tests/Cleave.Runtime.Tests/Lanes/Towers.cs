using System.Linq;
using Cleave.Core.Graph;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using static Cleave.Runtime.Tests.Support.Onnx;

namespace Cleave.Runtime.Tests.Lanes;

/// <summary>y = tower(x) + other tower(x), with a plan of two lanes as the generator would write it.</summary>
internal static class Towers
{
    private const int Width = 16;

    public static readonly Value X = Value.Tensor<float>("x", 1, Width);
    private static readonly Value A = Value.Tensor<float>("a", 1, Width);
    private static readonly Value B = Value.Tensor<float>("b", 1, Width);
    public static readonly Value Y = Value.Tensor<float>("y", 1, Width);

    public static ModelProto Model() => Onnx.Model(
        [Tensor("x", ElementType.Float, 1, Width)],
        [Tensor("y", ElementType.Float, 1, Width)],
        [
            Node("MatMul", ["x", "wa"], ["a1"]), Node("Relu", ["a1"], ["a"]),
            Node("MatMul", ["x", "wb"], ["b1"]), Node("Relu", ["b1"], ["b"]),
            Node("Add", ["a", "b"], ["y"]),
        ],
        [Floats("wa", [Width, Width], Onnx.Random(Width * Width, 1)), Floats("wb", [Width, Width], Onnx.Random(Width * Width, 2))]);

    public static ModelSource Source => ModelSource.Bytes(Google.Protobuf.MessageExtensions.ToByteArray(Model()));

    public static Plan Plan => TwoLanes.Plan;

    public static Segment[] Segments => TwoLanes.All;

    public static ModelDefinition Definition(params Budget[] budgets)
    {
        ModelDefinition plain = Definitions.Of(Model());
        Plan whole = Definitions.Whole(plain.Inputs, plain.Outputs);
        return Definitions.Of(Model(), [new(1, whole, 1), .. budgets.DefaultIfEmpty(new(2, TwoLanes.Plan, 1, 1))]);
    }

    public static LooseRunner Runner(RunnerOptions? options = null, params Budget[] budgets)
    {
        options ??= new RunnerOptions { Plan = PlanChoice.Split };
        options.Model = Source;
        return new LooseRunner(Definition(budgets), options);
    }

    public static float[] Input(int seed) => Onnx.Random(Width, seed);

    public static Request Request(float[] x) => (ref b) => b.Copy<float>(0, x);

    private static class TwoLanes
    {
        private static readonly Segment Left = new("Left", "0-1", reads: new[] { X }, writes: new[] { A });
        private static readonly Segment Right = new("Right", "2-3", reads: new[] { X }, writes: new[] { B });
        private static readonly Segment Join = new("Join", "4", reads: new[] { A, B }, writes: new[] { Y });

        internal static readonly Segment[] All = new[] { Left, Right, Join };

        internal static readonly Plan Plan = new("TwoLanes", All, Trunk, Side);

        // Lane 0: the critical path.
        private static void Trunk(Lane lane)
        {
            lane.Run(Left);
            lane.Receive(B);                         // of Side
            lane.Run(Join);
        }

        private static void Side(Lane lane)
        {
            lane.Run(Right);
            lane.Send(B);                            // to Trunk, by reference
        }
    }
}
