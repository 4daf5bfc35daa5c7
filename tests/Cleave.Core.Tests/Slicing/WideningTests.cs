using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Onnx.Widening;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;
using static Cleave.Core.Tests.Slicing.HalfModels;

namespace Cleave.Core.Tests.Slicing;

/// <summary>What widening does with each place where a file says 16 bits, and where it leaves a segment as published.</summary>
public class WideningTests
{
    private static readonly Dictionary<string, float[]> X = new() { ["x"] = [1, -2, 3, 0.25f] };

    [Fact]
    public void Inputs_and_outputs_keep_their_type_and_everything_inside_has_32_bits()
    {
        SubModel wide = Widen(Chain());
        GraphProto graph = Parse(wide).Graph;
        Assert.Null(wide.WhyNotWidened);
        Assert.Equal([HalfType, HalfType], graph.Input.Concat(graph.Output).Select(v => v.Type.TensorType.ElemType));
        // The weight stays as it is in the file; what reads it reads a Cast.
        TensorProto weight = Assert.Single(graph.Initializer);
        Assert.Equal(("w/half", HalfType), (weight.Name, weight.DataType));
        Assert.Equal(["Cast x>x/wide 1", "Cast w/half>w 1", "Mul x/wide,w>a", "Neg a>y/wide", "Cast y/wide>y 10"], graph.Node.Select(Describe));
        Assert.Equal([-2, 8, -18, -2], Run(wide.Bytes, X)["y"]);
    }

    [Fact]
    public void A_product_that_does_not_fit_into_16_bits_is_not_infinite_on_the_way()
    {
        ModelProto model = Chain(Node: [Make.Node("Mul", ["x", "x"], ["a"]), Make.Node("Div", ["a", "x"], ["y"])], weights: []);
        Dictionary<string, float[]> large = new() { ["x"] = [1000, 2000, 500, 1024] };
        Assert.Equal(large["x"], Run(Widen(model).Bytes, large)["y"]);
    }

    [Fact]
    public void A_cast_down_and_up_again_goes_on_rounding()
    {
        GraphProto graph = new()
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4) },
            Output = { Make.Value("y", 1, 4), Make.Value("z", 1, 4) },
            Node =
            {
                Make.Node("Cast", ["x"], ["r"], Make.Int("to", HalfType)), Make.Node("Cast", ["r"], ["y"], Make.Int("to", 1)),
                // Down, an operator, up: no rounding for its own sake.
                Make.Node("Cast", ["x"], ["d"], Make.Int("to", HalfType)), Make.Node("Neg", ["d"], ["n"]), Make.Node("Cast", ["n"], ["z"], Make.Int("to", 1)),
            },
        };
        Dictionary<string, float[]> exact = new() { ["x"] = [1.00001f, 3.14159f, 1e-6f, 2049] };
        Dictionary<string, float[]> results = Run(Widen(Make.Model(graph)).Bytes, exact);
        Assert.Equal(exact["x"].Select(v => (float)(System.Half)v), results["y"]);
        Assert.Equal(exact["x"].Select(v => -v), results["z"]);
    }

    [Theory]
    [InlineData("Cast", "Identity")]
    [InlineData("CastLike", null)]
    [InlineData("CastLike", "Reshape")]
    [InlineData("Cast", "Slice")]
    [InlineData("Cast", "Split")]
    [InlineData("Cast", "Gather")]
    [InlineData("Cast", "Expand")]
    [InlineData("Cast", "Concat")]
    public void It_goes_on_rounding_where_the_result_is_moved_between_or_cast_up_like_another(string up, string? moved)
    {
        GraphProto graph = new() { Name = "g", Input = { Make.Value("x", 1, 4) }, Output = { Make.Value("y", 1, 4) } };
        graph.Initializer.Add(new TensorProto { Name = "shape", DataType = (int)ElementType.Int64, Dims = { 2 }, Int64Data = { 1, 4 } });
        graph.Node.Add(Make.Node("Cast", ["x"], ["r"], Make.Int("to", HalfType)));
        foreach (string name in new[] { "zero", "four" })
            graph.Initializer.Add(new TensorProto { Name = name, DataType = (int)ElementType.Int64, Dims = { 1 }, Int64Data = { name == "four" ? 4 : 0 } });
        graph.Initializer.Add(new TensorProto { Name = "one", DataType = (int)ElementType.Int64, Dims = { 1 }, Int64Data = { 1 } });
        // All of it, or its two halves put together again.
        NodeProto[] between = moved switch
        {
            null => [],
            "Reshape" or "Expand" => [Make.Node(moved, ["r", "shape"], ["m"])],
            "Slice" => [Make.Node(moved, ["r", "zero", "four", "one"], ["m"])],
            "Gather" => [Make.Node(moved, ["r", "zero"], ["m"], Make.Int("axis", 0))],
            "Split" => [Make.Node(moved, ["r"], ["h1", "h2"], Make.Int("axis", 1)), Make.Node("Concat", ["h1", "h2"], ["m"], Make.Int("axis", 1))],
            "Concat" => [Make.Node(moved, ["empty", "r"], ["m"], Make.Int("axis", 0))],
            _ => [Make.Node(moved, ["r"], ["m"])],
        };
        if (moved == "Concat")
            graph.Initializer.Add(Halves("empty", [0, 4]));
        graph.Node.Add(between);
        string last = moved is null ? "r" : "m";
        graph.Node.Add(up == "Cast" ? Make.Node("Cast", [last], ["y"], Make.Int("to", 1)) : Make.Node("CastLike", [last, "x"], ["y"]));
        Dictionary<string, float[]> exact = new() { ["x"] = [1.00001f, 3.14159f, 1e-6f, 2049] };
        Assert.Equal(exact["x"].Select(v => (float)(System.Half)v), Run(Widen(Make.Model(graph)).Bytes, exact)["y"]);
    }

    [Fact]
    public void Types_that_nodes_state_and_tensors_that_they_hold_are_widened()
    {
        ModelProto model = Chain(Node:
        [
            Make.Node("Shape", ["x"], ["s"]),
            Make.Node("ConstantOfShape", ["s"], ["c"], Tensor("value", Halves("", [1], 0.1f))),
            Make.Node("EyeLike", ["c"], ["e"], Make.Int("dtype", HalfType)),
            Make.Node("Add", ["x", "c"], ["a"]), Make.Node("Add", ["a", "e"], ["y"]),
        ], weights: []);
        GraphProto graph = Parse(Widen(model)).Graph;
        Assert.Equal([1L], graph.Node.Single(n => n.OpType == "EyeLike").Attribute.Select(a => a.I));
        Assert.Equal([2.1f, -1.9f, 3.1f, 0.35f], Run(Widen(model).Bytes, X)["y"].Select(v => MathF.Round(v, 2)));
    }

    [Fact]
    public void Bodies_are_widened_and_see_the_border_under_its_other_name()
    {
        GraphProto then = new() { Name = "then" }, other = new() { Name = "else" };
        then.Node.Add([Make.Constant("two", Halves("", [1], 2)), Make.Node("Mul", ["x", "two"], ["t"])]);
        then.Output.Add(Make.Typed("t", HalfType, 1, 4));
        other.Initializer.Add(Halves("half", [1], 0.5f));
        // Hides a value outside.
        other.Node.Add([Make.Node("Mul", ["x", "half"], ["a"]), Make.Node("Add", ["a", "w"], ["e"])]);
        other.Output.Add(Make.Typed("e", HalfType, 1, 4));
        GraphProto graph = new()
        {
            Name = "g",
            Input = { Make.Typed("x", HalfType, 1, 4), Make.Typed("go", (int)ElementType.Bool) },
            Output = { Make.Typed("y", HalfType, 1, 4) },
            Initializer = { Halves("w", [1, 4], 1, 2, 3, 4) },
            Node = { Make.Node("If", ["go"], ["y"], Make.Body("then_branch", then), Make.Body("else_branch", other)) },
        };
        SubModel wide = Widen(Make.Model(graph));
        Assert.Null(wide.WhyNotWidened);
        // w, two and half: what is widened in bodies takes more memory, too.
        Assert.Equal((4 + 1 + 1) * 2, HalfFloats.Of(ModelReader.Read(ByteSource.FromBytes(Make.Model(graph).ToByteArray()), default))!.WeightBytes);
        Assert.DoesNotContain(Parse(wide).Graph.Node.SelectMany(n => n.Attribute).Where(a => a.G != null).SelectMany(a => a.G.Output), o => o.Type.TensorType.ElemType == HalfType);
        Assert.Equal([2, -4, 6, 0.5f], Run(wide.Bytes, new Dictionary<string, float[]>(X) { ["go"] = [1] })["y"]);
        Assert.Equal([1.5f, 1, 4.5f, 4.125f], Run(wide.Bytes, new Dictionary<string, float[]>(X) { ["go"] = [0] })["y"]);
    }

    [Fact]
    public void Loops_carry_floats()
    {
        GraphProto body = new() { Name = "body" };
        body.Input.Add([Make.Typed("i", (int)ElementType.Int64), Make.Typed("go", (int)ElementType.Bool), Make.Typed("sum", HalfType, 1, 4)]);
        body.Node.Add([Make.Node("Identity", ["go"], ["again"]), Make.Node("Add", ["sum", "x"], ["next"])]);
        body.Output.Add([Make.Typed("again", (int)ElementType.Bool), Make.Typed("next", HalfType, 1, 4)]);
        GraphProto graph = new()
        {
            Name = "g",
            Input = { Make.Typed("x", HalfType, 1, 4) },
            Output = { Make.Typed("y", HalfType, 1, 4) },
            Initializer = { Halves("zero", [1, 4], 0, 0, 0, 0), new TensorProto { Name = "times", DataType = (int)ElementType.Int64, Int64Data = { 3 } } },
            Node = { Make.Node("Loop", ["times", "", "zero"], ["y"], Make.Body("body", body)) },
        };
        Assert.Equal([3, -6, 9, 0.75f], Run(Widen(Make.Model(graph)).Bytes, X)["y"]);
    }

    [Fact]
    public void Functions_are_widened_and_one_whose_caller_states_the_type_is_not()
    {
        ModelProto model = WithFunction(Make.Int("to", HalfType));
        SubModel wide = Widen(model);
        Assert.Null(wide.WhyNotWidened);
        Assert.Equal([1.5f, -1.5f, 3.5f, 0.75f], Run(wide.Bytes, X)["y"]);
        model = WithFunction(new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, RefAttrName = "type" });
        model.Functions[0].Attribute.Add("type");
        model.Graph.Node[0].Attribute.Add(Make.Int("type", HalfType));
        wide = Widen(model);
        Assert.Contains("caller says which type", wide.WhyNotWidened, StringComparison.Ordinal);
        Assert.Equal([1.5f, -1.5f, 3.5f, 0.75f], Run(wide.Bytes, X)["y"]);
    }

    [Fact]
    public void A_segment_with_an_operator_that_nobody_knows_stays_as_published_between_casts()
    {
        ModelProto model = Chain(Node: [Make.Node("Neg", ["x"], ["a"]), Make.Node("Mystery", ["a"], ["b"]), Make.Node("Neg", ["b"], ["y"])], weights: []);
        model.Graph.Node[1].Domain = "custom";
        Dictionary<string, OnnxType.Tensor> types = new() { ["a"] = new(ElementType.Float16, null), ["b"] = new(ElementType.Float16, null) };
        SubModel strange = Widen(model, new SegmentRequest("S", [1], ["a"], ["b"]) { Types = types });
        Assert.Contains("Mystery of custom", strange.WhyNotWidened, StringComparison.Ordinal);
        GraphProto graph = Parse(strange).Graph;
        Assert.Equal([1, 1], graph.Input.Concat(graph.Output).Select(v => v.Type.TensorType.ElemType));
        Assert.Equal(["Cast a>a/half 10", "Mystery a/half>b/half", "Cast b/half>b 1"], graph.Node.Select(Describe));
        Assert.Null(Widen(model, new SegmentRequest("T", [2], ["b"], ["y"]) { Types = types }).WhyNotWidened);
    }

    [Fact]
    public void Names_that_the_model_has_are_not_taken()
    {
        ModelProto model = Chain(Node: [Make.Node("Mul", ["x", "w"], ["x/wide"]), Make.Node("Neg", ["x/wide"], ["w/half"]), Make.Node("Neg", ["w/half"], ["y"])]);
        Assert.Equal([2, -8, 18, 2], Run(Widen(model).Bytes, X)["y"]);
    }

    [Fact]
    public void What_is_handed_on_is_handed_on()
    {
        ModelProto model = Chain();
        model.Graph.Output.Add([Make.Typed("x", HalfType, 1, 4), Make.Typed("w", HalfType, 1, 4)]);
        Dictionary<string, float[]> results = Run(Widen(model).Bytes, X);
        Assert.Equal(X["x"], results["x"]);
        Assert.Equal([2, 4, 6, 8], results["w"]);
        Assert.Equal([-2, 8, -18, -2], results["y"]);
    }

    [Fact]
    public void A_model_without_halves_has_none() => Assert.Null(HalfFloats.Of(ModelReader.Read(ByteSource.FromBytes(Make.Small().ToByteArray()), default)));

    [Fact]
    public void External_weights_are_mapped_where_they_are()
    {
        using TempFolder folder = new();
        float[] values = [.. Enumerable.Range(0, 128 * 128).Select(i => (i % 7) - 3f)];
        byte[] bytes = Halves("", [128 * 128], values).RawData.ToByteArray();
        File.WriteAllBytes(Path.Combine(folder.Path, "w.bin"), [.. new byte[4096], .. bytes]);
        TensorProto weight = Make.External("w", [128, 128], "w.bin", ("offset", "4096"), ("length", bytes.Length.ToString()));
        weight.DataType = HalfType;
        Check(folder, Product(weight), values, mapped: 1);
    }

    [Fact]
    public void Weights_behind_two_gigabytes_are_mapped_where_they_are()
    {
        using TempFolder folder = new();
        float[] values = [.. Enumerable.Range(0, 128 * 128).Select(i => (i % 5) - 2f)];
        byte[] bytes = Halves("", [128 * 128], values).RawData.ToByteArray();
        const long Offset = (5L << 30) + 3;
        using (FileStream file = File.Create(Path.Combine(folder.Path, "w.bin")))
        {
            // A hole takes no room.
            file.Position = Offset;
            file.Write(bytes);
        }
        TensorProto weight = Make.External("w", [128, 128], "w.bin", ("offset", Offset.ToString()), ("length", bytes.Length.ToString()));
        weight.DataType = HalfType;
        Check(folder, Product(weight), values, mapped: 1);
    }

    private static void Check(TempFolder folder, ModelProto model, float[] weight, int mapped)
    {
        string path = Path.Combine(folder.Path, "model.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        float[] x = [.. Enumerable.Range(0, 128).Select(i => (i % 3) - 1f)];
        float[] expected = [.. Enumerable.Range(0, 128).Select(column => Enumerable.Range(0, 128).Sum(row => x[row] * weight[(row * 128) + column]))];
        foreach (WeightMode mode in new[] { WeightMode.Map, WeightMode.Copy })
        {
            SubModel wide = Widen([], path, mode);
            Assert.Equal(mode == WeightMode.Map ? mapped : 0, wide.MappedTensors);
            Assert.Equal(expected, Run(wide.Bytes, new Dictionary<string, float[]> { ["x"] = x }, folder.Path)["y"]);
        }
    }

    private static ModelProto Product(TensorProto weight) => Make.Model(new GraphProto
    {
        Name = "g",
        Input = { Make.Typed("x", HalfType, 1, 128) },
        Output = { Make.Typed("y", HalfType, 1, 128) },
        Initializer = { weight },
        Node = { Make.Node("MatMul", ["x", "w"], ["y"]) },
    });

    // y = -(x * w).
    private static ModelProto Chain(NodeProto[]? Node = null, TensorProto[]? weights = null) => Make.Model(new GraphProto
    {
        Name = "g",
        Input = { Make.Typed("x", HalfType, 1, 4) },
        Output = { Make.Typed("y", HalfType, 1, 4) },
        Initializer = { weights ?? [Halves("w", [1, 4], 2, 4, 6, 8)] },
        Node = { Node ?? [Make.Node("Mul", ["x", "w"], ["a"]), Make.Node("Neg", ["a"], ["y"])] },
    });

    private static ModelProto WithFunction(AttributeProto to)
    {
        ModelProto model = Chain(Node: [Make.Node("PlusHalf", ["x"], ["y"])], weights: []);
        model.Graph.Node[0].Domain = "local";
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
        model.Functions.Add(new FunctionProto
        {
            Name = "PlusHalf",
            Domain = "local",
            Input = { "a" },
            Output = { "b" },
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
            Node =
            {
                Make.Constant("h", Make.Floats("", [], 0.5f)), Make.Node("Cast", ["h"], ["d"], to), Make.Node("Add", ["a", "d"], ["b"]),
            },
        });
        return model;
    }

    private static AttributeProto Tensor(string name, TensorProto value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Tensor, T = value };

    private static string Describe(NodeProto node) =>
        $"{node.OpType} {string.Join(",", node.Input)}>{string.Join(",", node.Output)}{(node.OpType == "Cast" ? " " + node.Attribute[0].I : "")}";
}
