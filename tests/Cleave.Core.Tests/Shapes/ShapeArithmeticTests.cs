using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>The chains that exporters emit to compute shapes, each compared with ONNX Runtime at several sizes.</summary>
public class ShapeArithmeticTests
{
    private static readonly ValueInfoProto X = Infer.Input("x", 1, "B", 4, "H", "W");

    private static readonly Dictionary<string, int>[] Sizes =
        [OrtShapes.At(("B", 1), ("H", 1), ("W", 1)), OrtShapes.At(("B", 2), ("H", 6), ("W", 9)), OrtShapes.At(("B", 3), ("H", 7), ("W", 2)), OrtShapes.At(("B", 5), ("H", 16), ("W", 33))];

    private static TensorProto I(string name, params long[] values) => Infer.Vector(name, values);

    [Fact]
    public void Heads_are_split_off_and_put_together()
    {
        GraphFacts facts = Exact([X], [I("i0", 0), I("i2", 2), I("heads", 2), I("rest", -1), I("two", 2)],
            Make.Node("Shape", ["x"], ["s"]), Make.Node("Gather", ["s", "i0"], ["b"]), Make.Node("Gather", ["s", "i2"], ["h"]),
            Make.Node("Div", ["four", "two"], ["d"]), Make.Constant("four", I("", 4)),
            Make.Node("Concat", ["b", "heads", "d", "h", "rest"], ["target"], Make.Int("axis", 0)), Make.Node("Reshape", ["x", "target"], ["r"]),
            Make.Node("Transpose", ["r"], ["t"], Make.Ints("perm", 0, 1, 3, 2, 4)), Make.Node("Flatten", ["t"], ["y"], Make.Int("axis", 2)));
        Assert.Equal("float [B,2,2,H,W]", facts.Of("r").ToString());
        Assert.Equal("float [2*B,2*H*W]", facts.Of("y").ToString());
    }

    [Fact]
    public void Scalars_are_gathered_and_unsqueezed()
    {
        GraphFacts facts = Exact([X], [Infer.Scalar("i", -1), I("axes", 0), I("one", 1)],
            Make.Node("Shape", ["x"], ["s"]), Make.Node("Gather", ["s", "i"], ["w"], Make.Int("axis", 0)), Make.Node("Unsqueeze", ["w", "axes"], ["u"]),
            Make.Node("Mul", ["u", "u"], ["m"]), Make.Node("Concat", ["one", "m"], ["t"], Make.Int("axis", 0)), Make.Node("ConstantOfShape", ["t"], ["y"]));
        Assert.Equal("float [1,W*W]", facts.Of("y").ToString());
    }

    [Fact]
    public void Expand_chooses_between_a_shape_and_minus_one()
    {
        // What PyTorch writes for x.expand(B, 4, 3, -1).
        GraphFacts facts = Exact([Infer.Input("x", 1, "B", 4, 1, "W")], [I("i0", 0), I("mask", -1, -1, 3, -1), I("minus", -1), I("four", 4)],
            Make.Node("ConstantOfShape", ["four"], ["ones"], new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = I("", 1) }),
            Make.Node("Mul", ["ones", "minus"], ["m"]), Make.Node("Equal", ["mask", "m"], ["e"]), Make.Node("Where", ["e", "ones", "mask"], ["w"]), Make.Node("Expand", ["x", "w"], ["y"]));
        Assert.Equal("float [B,4,3,W]", facts.Of("y").ToString());
    }

    [Fact]
    public void Ranges_follow_their_bounds()
    {
        GraphFacts facts = Exact([X], [Infer.Scalar("i", 2), Infer.Scalar("zero", 0), Infer.Scalar("one", 1), Infer.Scalar("three", 3), Make.Floats("a", [], 0.5f), Make.Floats("b", [], 4.2f), Make.Floats("c", [], 0.25f)],
            Make.Node("Shape", ["x"], ["s"]), Make.Node("Gather", ["s", "i"], ["h"]), Make.Node("Range", ["zero", "h", "one"], ["r"]),
            Make.Node("Range", ["one", "h", "three"], ["r3"]), Make.Node("Range", ["a", "b", "c"], ["f"]), Make.Node("Range", ["three", "zero", "minus"], ["down"]), Make.Constant("minus", Infer.Scalar("", -2)));
        Assert.Equal("int64 [H]", facts.Of("r").ToString());
        Assert.Equal("float [15]", facts.Of("f").ToString());
        Assert.Equal("3,1", string.Join<Dim>(",", facts.Of("down").Content!));
    }

    [Fact]
    public void Upsampled_sizes_are_computed_in_floats()
    {
        GraphFacts facts = Exact([X], [I("from", 2), I("to", 4), Make.Floats("two", [], 2), I("from0", 0)],
            Make.Node("Shape", ["x"], ["s"]), Make.Node("Slice", ["s", "from", "to"], ["hw"]), Make.Node("Slice", ["s", "from0", "from"], ["bc"]),
            Make.Node("Cast", ["hw"], ["f"], Make.Int("to", 1)), Make.Node("Mul", ["f", "two"], ["m"]), Make.Node("Floor", ["m"], ["fl"]), Make.Node("Cast", ["fl"], ["i"], Make.Int("to", 7)),
            Make.Node("Concat", ["bc", "i"], ["sizes"], Make.Int("axis", 0)), Make.Node("Resize", ["x", "", "", "sizes"], ["y"], Make.Text("mode", "nearest")));
        Assert.Equal("float [B,4,2*H,2*W]", facts.Of("y").ToString());
    }

    [Fact]
    public void Resize_by_scales()
    {
        GraphFacts facts = Exact([X], [Make.Floats("up", [4], 1, 1, 2, 1.5f), Make.Floats("down", [4], 1, 1, 0.5f, 0.25f)],
            Make.Node("Resize", ["x", "", "up"], ["y"], Make.Text("mode", "nearest")), Make.Node("Resize", ["y", "", "down"], ["z"], Make.Text("mode", "nearest")));
        Assert.Equal("float [B,4,2*H,W+floor(W/2)]", facts.Of("y").ToString());
    }

    [Fact]
    public void Empty_axes_are_all_axes()
    {
        ModelProto model = Make.Model(Infer.Graph([Infer.Input("x", 1, 2, 3, 4, 5)], [I("sizes", 2, 3, 8, 10), Make.Floats("up", [4], 1, 1, 2, 1.5f)],
            Make.Node("Resize", ["x", "", "", "sizes"], ["r"], Make.Text("mode", "nearest"), Make.Ints("axes")), Make.Node("Resize", ["x", "", "up"], ["y"], Make.Text("mode", "nearest"), Make.Ints("axes"))), opset: 18);
        Assert.Equal(["float [2,3,8,10]", "float [2,3,8,7]"], new[] { "r", "y" }.Select(v => Infer.Facts(model).Of(v).ToString()));
        Assert.Equal(0, OrtShapes.Agree(model, Sizes));
    }

    [Fact]
    public void Scales_that_do_not_fit_their_axes_say_nothing()
    {
        GraphFacts facts = Infer.Facts(Make.Model(Infer.Graph([X], [Make.Floats("four", [4], 1, 1, 2, 2)], [Make.Node("Resize", ["x", "", "four"], ["y"], Make.Ints("axes", 2, 3))])));
        Assert.All(facts.Of("y").Shape!, d => Assert.False(d.IsKnown));
    }

    [Fact]
    public void A_condition_picks_no_more_than_there_is()
    {
        GraphFacts facts = Exact([Infer.Input("x", 1, 2, 3)], [Make.Bools("long", true, false, true, true, false, true), Make.Bools("none", false, false, false, false)],
            Make.Node("Compress", ["x", "long"], ["rows"], Make.Int("axis", 0)), Make.Node("Compress", ["x", "long"], ["some"]), Make.Node("Compress", ["x", "none"], ["y"], Make.Int("axis", 1)));
        Assert.Equal("float [1,3]", facts.Of("rows").ToString());
        Assert.Equal("float [4]", facts.Of("some").ToString());
    }

    [Fact]
    public void A_norm_has_the_type_of_its_scale()
    {
        ModelProto model = Make.Model(Infer.Graph([Infer.Input("x", 10, "B", 8)], [Make.RandomFloats("scale", 1, 8)], [Make.Node("RMSNormalization", ["x", "scale"], ["y"])]));
        model.OpsetImport[0].Version = 23;
        Assert.Equal("float [B,8]", Infer.Facts(model).Of("y").ToString());
    }

    [Fact]
    public void Positions_are_cut_to_the_sequence()
    {
        GraphFacts facts = Exact([Infer.Input("x", 1, "B", "H", 8)], [Make.RandomFloats("table", 1, 1, 64, 8), I("zero", 0), I("one", 1)],
            Make.Node("Shape", ["x"], ["s"]), Make.Node("Gather", ["s", "one"], ["h"]), Make.Node("Slice", ["table", "zero", "h", "one"], ["p"]), Make.Node("Add", ["x", "p"], ["y"]));
        Assert.Equal("float [B,H,8]", facts.Of("y").ToString());
    }

    [Fact]
    public void Whole_numbers_are_divided_towards_zero()
    {
        GraphFacts facts = Exact([X], [I("a", -7, 7, 8), I("two", 2), I("b", -1, 5, 3), I("three", 3)],
            Make.Node("Div", ["a", "two"], ["d"]), Make.Node("Mod", ["a", "three"], ["m"]), Make.Node("Mod", ["a", "three"], ["f"], Make.Int("fmod", 1)),
            Make.Node("Concat", ["d", "m", "f"], ["c"], Make.Int("axis", 0)), Make.Node("Less", ["a", "b"], ["l"]), Make.Node("ReduceProd", ["a"], ["p"]), Make.Node("Abs", ["c"], ["n"]), Make.Node("ConstantOfShape", ["n"], ["y"]),
            Make.Node("Shape", ["x"], ["s"]), Make.Node("Div", ["s", "two"], ["half"]), Make.Node("Sub", ["s", "three"], ["less"]), Make.Node("Div", ["less", "two"], ["open"]), Make.Node("Max", ["less", "two"], ["most"]));
        Assert.Equal("-3,3,4", string.Join<Dim>(",", facts.Of("d").Content!));
        Assert.Equal("floor(B/2),2,floor(H/2),floor(W/2)", string.Join<Dim>(",", facts.Of("half").Content!));
        // Below three it would be rounded up.
        Assert.False(facts.Of("open").Content![2].IsKnown);
    }

    [Fact]
    public void Random_slices_agree_with_ONNX_Runtime()
    {
        Random random = new(5);
        int unknown = 0, all = 0;
        for (int round = 0; round < 60; round++)
        {
            List<NodeProto> nodes = [];
            List<TensorProto> constants = [];
            for (int i = 0; i < 20; i++)
            {
                long Bound() => random.Next(6) switch { 0 => int.MaxValue, 1 => long.MaxValue, 2 => -int.MaxValue, _ => random.Next(-9, 10) };
                long Step() => random.Next(4) switch { 0 => -1, 1 => random.Next(2, 4), 2 => -2, _ => 1 };
                bool isNumber = random.Next(2) == 0;
                constants.AddRange([I("s" + i, Bound(), Bound()), I("e" + i, Bound(), Bound()), I("a" + i, 2, isNumber ? 1 : -1), I("t" + i, Step(), isNumber ? Step() : 1)]);
                nodes.Add(Make.Node("Slice", ["x", "s" + i, "e" + i, "a" + i, "t" + i], ["y" + i]));
                all += 4 * Sizes.Length;
            }
            unknown += OrtShapes.Agree(Make.Model(Infer.Graph([X], [.. constants], [.. nodes])), Sizes);
        }
        Assert.InRange(unknown, 0, all / 6);
    }

    [Fact]
    public void Random_contents_agree_with_ONNX_Runtime()
    {
        Random random = new(6);
        string[] operators = ["Add", "Sub", "Mul", "Min", "Max", "Div", "Mod", "Equal", "Less", "GreaterOrEqual", "Gather", "Concat", "Slice", "Where", "Cast", "Unsqueeze", "ReduceSum", "ReduceMax", "Neg", "Abs", "Tile", "Split", "Clip"];
        for (int round = 0; round < 60; round++)
        {
            List<string> values = ["s", "c"];
            List<NodeProto> nodes = [Make.Node("Shape", ["x"], ["s"]), Make.Constant("c", I("", 1, 2, -3, 5)), Make.Constant("p", I("", 3, 2, 7, 1)), Make.Constant("i", I("", 3, -1, 0, 2)), Make.Constant("z", I("", 0)), Make.Constant("n", I("", 2)),
                Make.Node("Less", ["c", "p"], ["q"])];
            for (int k = 0; k < 25; k++)
            {
                string op = operators[random.Next(operators.Length)], a = values[random.Next(values.Count)], b = values[random.Next(values.Count)], y = "v" + k;
                switch (op)
                {
                    case "Gather":
                        nodes.Add(Make.Node(op, [a, "i"], [y]));
                        break;
                    case "Concat":
                        nodes.AddRange([Make.Node(op, [a, b], [y + "w"], Make.Int("axis", 0)), Make.Node("Slice", [y + "w", "n", "w" + k], [y]), Make.Constant("w" + k, I("", 6))]);
                        break;
                    case "Slice":
                        nodes.AddRange([Make.Node(op, [a, "r" + k, "t" + k, "z", "m" + k], [y]), Make.Constant("r" + k, I("", -1)), Make.Constant("t" + k, I("", long.MinValue + 1)), Make.Constant("m" + k, I("", -1))]);
                        break;
                    case "Where":
                        nodes.Add(Make.Node(op, ["q", a, b], [y]));
                        break;
                    case "Cast":
                        nodes.AddRange([Make.Node(op, [a], [y + "f"], Make.Int("to", 1)), Make.Node("Mul", [y + "f", "h" + k], [y + "m"]), Make.Constant("h" + k, Make.Floats("", [], random.Next(1, 4))), Make.Node(op, [y + "m"], [y], Make.Int("to", 7))]);
                        break;
                    case "Unsqueeze":
                        nodes.AddRange([Make.Node(op, [a, "z"], [y + "u"]), Make.Node("Squeeze", [y + "u", "z"], [y])]);
                        break;
                    case "ReduceSum" or "ReduceMax":
                        nodes.AddRange([Make.Node(op, op == "ReduceSum" ? [a, "z"] : [a], [y + "r"]), Make.Node("Add", [y + "r", b], [y])]);
                        break;
                    case "Neg" or "Abs":
                        nodes.Add(Make.Node(op, [a], [y]));
                        break;
                    case "Tile":
                        nodes.AddRange([Make.Node(op, [a, "n"], [y + "t"]), Make.Node("Gather", [y + "t", "i"], [y])]);
                        break;
                    case "Split":
                        nodes.AddRange([Make.Node(op, [a], [y + "l", y + "h"]), Make.Node("Concat", [y + "h", y + "l"], [y], Make.Int("axis", 0))]);
                        break;
                    case "Clip":
                        nodes.AddRange([Make.Node(op, [a, "lo" + k, "hi" + k], [y]), Make.Constant("lo" + k, Infer.Scalar("", -2)), Make.Constant("hi" + k, Infer.Scalar("", 9))]);
                        break;
                    case "Equal" or "Less" or "GreaterOrEqual":
                        nodes.AddRange([Make.Node(op, [a, b], [y + "b"]), Make.Node("Where", [y + "b", a, "p"], [y])]);
                        break;
                    case "Div" or "Mod":
                        nodes.Add(Make.Node(op, [a, "p"], [y]));
                        break;
                    default:
                        nodes.AddRange([Make.Node(op, [a, b], [y + "o"]), Make.Node("Clip", [y + "o", "", "top" + k], [y]), Make.Constant("top" + k, Infer.Scalar("", 1000))]);
                        break;
                }
                values.Add(y);
            }
            // Numbers must reach a shape for their constants to be followed.
            nodes.AddRange(values.Skip(2).Select((v, k) => Make.Node("Expand", ["one", "k" + k], ["y" + k])));
            nodes.InsertRange(0, values.Skip(2).SelectMany((v, k) => new[] { Make.Node("Clip", [v, "lo", "hi"], ["k" + k]) }));
            nodes.InsertRange(0, [Make.Constant("lo", Infer.Scalar("", 1)), Make.Constant("hi", Infer.Scalar("", 3)), Make.Constant("one", Make.Floats("", [1], 1))]);
            OrtShapes.Agree(Make.Model(Infer.Graph([X], [], [.. nodes])), Sizes);
        }
    }

    [Fact]
    public void Movement_agrees_with_ONNX_Runtime()
    {
        Exact([X], [I("pads", 0, 0, 1, 2, 0, 0, 3, 4), I("reps", 1, 2, 3, 1), I("axes", 2, 3), I("parts", 1, 3), I("some", 0, 2, 3), I("k", 2), I("a1", 1), I("zero", 0), Make.Floats("v", [2], 0, 1), Infer.Scalar("depth", 5)],
            Make.Node("Pad", ["x", "pads"], ["pad"]), Make.Node("Tile", ["x", "reps"], ["tile"]), Make.Node("ReduceMean", ["x"], ["mean"], Make.Ints("axes", 2, 3), Make.Int("keepdims", 0)),
            Make.Node("ReduceSum", ["x", "axes"], ["sum"]), Make.Node("Split", ["x", "parts"], ["s1", "s2"], Make.Int("axis", 1)), Make.Node("Gather", ["x", "some"], ["g"], Make.Int("axis", 1)),
            Make.Node("TopK", ["x", "k"], ["tv", "ti"], Make.Int("axis", 1)), Make.Node("ArgMax", ["x"], ["am"], Make.Int("axis", 1), Make.Int("keepdims", 0)), Make.Node("OneHot", ["am", "depth", "v"], ["oh"], Make.Int("axis", 1)),
            Make.Node("DepthToSpace", ["x"], ["d2s"], Make.Int("blocksize", 2)), Make.Node("Squeeze", ["sum", "axes"], ["sq"]), Make.Node("Unsqueeze", ["sq", "axes"], ["un"]));
    }

    // Every value agrees with ONNX Runtime, and all dimensions are known.
    private static GraphFacts Exact(ValueInfoProto[] inputs, TensorProto[] initializers, params NodeProto[] nodes)
    {
        ModelProto model = Make.Model(Infer.Graph(inputs, initializers, nodes));
        Assert.Equal(0, OrtShapes.Agree(model, Sizes));
        return Infer.Facts(model);
    }
}
