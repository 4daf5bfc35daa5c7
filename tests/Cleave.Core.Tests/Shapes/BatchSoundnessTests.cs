using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Shapes.Batch;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>What looks like a batch axis and is none: the size of the batch enters, a function or chance hides. And models with something wrong in them.</summary>
public class BatchSoundnessTests
{
    private static readonly NodeProto[] Size = [Make.Node("Shape", ["x"], ["s"]), Make.Node("Slice", ["s", "n0", "n1"], ["b"])];

    private static readonly NodeProto Sum = Make.Node("ReduceSum", ["p", "n1"], ["y"]);

    private static readonly NodeProto Number = Make.Node("Cast", ["b"], ["f"], Make.Int("to", 1));

    // With these before them: b, the size of the batch.
    public static TheoryData<string, object[], NodeProto[]> ComputedWithTheSize => new()
    {
        { "the size given to each sample", ["B", 4], [Number, Make.Node("Concat", ["b", "n4"], ["t"], Make.Int("axis", 0)), Make.Node("Expand", ["f", "t"], ["e"]), Make.Node("Mul", ["x", "e"], ["y"])] },
        { "the size repeated for each sample", ["B", 4], [Number, Make.Node("Tile", ["f", "b"], ["t"]), Make.Node("Reshape", ["t", "column"], ["c"]), Make.Node("Mul", ["x", "c"], ["y"])] },
        { "cut short by the size", ["B", 8], [Make.Node("Sub", ["b", "n1"], ["end"]), Make.Node("Slice", ["x", "n0", "end", "n1"], ["p"]), Sum] },
        { "steps as large as the batch", ["B", 8], [Make.Node("Slice", ["x", "n0", "n8", "n1", "b"], ["p"]), Sum] },
        { "cut from so many before the end", ["B", 8], [Make.Node("Sub", ["n0", "b"], ["start"]), Make.Node("Slice", ["x", "start", "all", "n1"], ["p"]), Sum] },
        { "widened to the size", ["B", ""], [Make.Node("Concat", ["b", "b"], ["t"], Make.Int("axis", 0)), Make.Node("Expand", ["x", "t"], ["p"]), Sum] },
        { "repeated so often", ["B", 8], [Make.Node("Concat", ["n1", "b"], ["t"], Make.Int("axis", 0)), Make.Node("Tile", ["x", "t"], ["p"]), Sum] },
        { "resized to it", ["B", 3, 16, 16], [Make.Node("Concat", ["b", "b"], ["t"], Make.Int("axis", 0)), Make.Node("Resize", ["x", "", "", "t"], ["p"], Make.Ints("axes", 2, 3), Make.Text("keep_aspect_ratio_policy", "not_larger")), Make.Node("GlobalAveragePool", ["p"], ["y"])] },
    };

    [Theory]
    [MemberData(nameof(ComputedWithTheSize))]
    public void The_size_of_the_batch_does_not_enter_what_a_sample_gives(string what, object[] dims, NodeProto[] nodes)
    {
        BatchProof proof = Find(dims, [.. Size, .. nodes]);
        Assert.False(proof.Holds, what);
        Assert.Contains("size of the batch", proof.Reason);
    }

    public static TheoryData<string, object[], NodeProto[]> OfTheSizeAlone => new()
    {
        { "a row repeated for each sample", ["B", 4], [Make.Node("Concat", ["b", "n1"], ["t"], Make.Int("axis", 0)), Make.Node("Tile", ["row", "t"], ["r"]), Make.Node("Add", ["x", "r"], ["y"])] },
        { "expanded along another axis", ["B", 1], [Make.Node("Concat", ["b", "n4"], ["t"], Make.Int("axis", 0)), Make.Node("Expand", ["x", "t"], ["y"])] },
        { "expanded to an open shape", ["B", ""], [Make.Node("Expand", ["w1", "s"], ["e"]), Make.Node("Add", ["x", "e"], ["y"])] },
        { "cut on all axes, the batch whole", ["B", 8], [Make.Node("Concat", ["b", "n4"], ["t"], Make.Int("axis", 0)), Make.Node("Slice", ["x", "zeros", "t"], ["y"])] },
        { "resized beside it", ["B", 3, 16, 16], [Make.Node("Concat", ["b", "n3", "n8", "n8"], ["t"], Make.Int("axis", 0)), Make.Node("Resize", ["x", "", "", "t"], ["y"])] },
    };

    [Theory]
    [MemberData(nameof(OfTheSizeAlone))]
    public void Where_the_batch_lies_its_size_may_stand(string what, object[] dims, NodeProto[] nodes)
    {
        BatchProof proof = Find(dims, [.. Size, .. nodes]);
        Assert.True(proof.Holds, what + ": " + proof.Reason);
        Assert.True(proof.IsFirstEverywhere);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("row")]
    public void A_function_of_the_model_is_none_of_the_operators_that_have_its_name(string input)
    {
        NodeProto body = input == "x" ? Make.Node("Softmax", ["a"], ["o"], Make.Int("axis", 0)) : Make.Node("RandomNormalLike", ["a"], ["o"]);
        ModelProto model = Make.Model(Infer.Graph([Infer.Input("x", 1, "B", 4)], [Make.RandomFloats("row", 1, 1, 4)],
            In("com.microsoft", Make.Node("Gelu", [input], ["g"])), Make.Node("Add", ["x", "g"], ["y"])));
        Assert.True(BatchAxis.Find(Infer.Facts(model), ["y"]).Holds);
        model.Functions.Add(new FunctionProto { Domain = "com.microsoft", Name = "Gelu", Input = { "a" }, Output = { "o" }, Node = { body }, OpsetImport = { new OperatorSetIdProto { Version = 17 } } });
        Assert.Contains("function of the model", BatchAxis.Find(Infer.Facts(model), ["y"]).Reason);
    }

    [Fact]
    public void Chance_hides_in_no_body_and_in_no_training()
    {
        NodeProto draws = Make.Node("RandomNormal", [], ["r"], Make.Ints("shape", 1, 4));
        Assert.Contains("control flow", Find(["B", 4], If(draws), Make.Node("Add", ["x", "c"], ["y"])).Reason);
        Assert.Contains("control flow", Find(["B", 4], If(Make.Node("If", ["yes"], ["r"], Branches(draws))), Make.Node("Add", ["x", "c"], ["y"])).Reason);
        Assert.Contains("control flow", Find(["B", 4], If(Make.Node("Dropout", ["row", "w0", "yes"], ["r"])), Make.Node("Add", ["x", "c"], ["y"])).Reason);
        Assert.True(Find(["B", 4], If(Make.Node("Neg", ["row"], ["r"])), Make.Node("Add", ["x", "c"], ["y"])).Holds);
        Assert.Contains("by chance", Find(["B", 4], Make.Node("Dropout", ["row", "w0", "yes"], ["r"]), Make.Node("Add", ["x", "r"], ["y"])).Reason);
        Assert.Contains("by chance", Find(["B", 4], Make.Node("Dropout", ["x", "w0", "yes"], ["y"])).Reason);
        Assert.Contains("by chance", Find(["B", 4], Make.Node("IsNaN", ["w0"], ["n"]), Make.Node("Dropout", ["x", "w0", "n"], ["y"])).Reason);
        Assert.True(Find(["B", 4], Make.Node("Dropout", ["row", "w0"], ["r"]), Make.Node("Add", ["x", "r"], ["y"])).Holds);
        Assert.True(Find(["B", 4], Make.Node("Dropout", ["row", "w0", "no"], ["r"]), Make.Node("Add", ["x", "r"], ["y"])).Holds);
        Assert.True(Find(["B", 4], Make.Node("Dropout", ["x", "w0", "no"], ["y"])).Holds);
        Assert.True(Find(["B", 4], Make.Node("Not", ["yes"], ["n"]), Make.Node("Dropout", ["x", "w0", "n"], ["y"])).Holds);

        static NodeProto If(NodeProto node) => Make.Node("If", ["yes"], ["c"], Branches(node));
        static AttributeProto[] Branches(NodeProto node) => [Make.Body("then_branch", Body(node)), Make.Body("else_branch", Body(node))];
    }

    public static TheoryData<string, NodeProto[]> Broken => new()
    {
        { "fewer starts than axes", [Make.Node("Slice", ["x", "n0", "n1", "turned"], ["y"])] },
        { "fewer steps than axes", [Make.Node("Slice", ["x", "zeros", "ends", "turned", "n1"], ["y"])] },
        { "stacks in a Gemm", [Make.Node("Unsqueeze", ["x", "n0"], ["u"]), Make.Node("Transpose", ["u"], ["t"], Make.Ints("perm", 0, 2, 1)), Make.Node("Gemm", ["stack", "t", "w4"], ["y"])] },
        { "a body where none belongs", [Make.Node("Einsum", ["w44", "w44"], ["y"], Make.Text("equation", "ab,bc->ac"), Make.Body("odd", Body(Make.Node("Neg", ["x"], ["r"]))))] },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void Nothing_is_proven_of_what_cannot_run(string what, NodeProto[] nodes) => Assert.False(Find(["B", 4], nodes).Holds, what);

    [Fact]
    public void A_shape_that_the_file_says_and_none_can_have_proves_nothing()
    {
        GraphProto graph = Infer.Graph([Infer.Input("x", 1, "B", 4, 4)], [Infer.Vector("t", -1, -1, -1)], Make.Node("Expand", ["x", "t"], ["e"]), Make.Node("Relu", ["e"], ["y"]));
        graph.ValueInfo.Add(Infer.Input("e", 1, "B"));
        Assert.False(BatchAxis.Find(Infer.Facts(Make.Model(graph)), ["y"]).Holds);
        object[] many = [.. Enumerable.Repeat<object>(1, 69).Prepend("B")];
        Assert.False(BatchAxis.Find(Infer.Facts(17, [Infer.Input("x", 1, many)], [], Make.Node("Add", ["x", "x"], ["y"])), ["y"]).Holds);
    }

    // Numbers in other files are not read: the file's word for the shapes that follow from them is no proof.
    [Fact]
    public void An_axis_that_only_the_file_states_proves_nothing()
    {
        GraphProto softmax = Infer.Graph([Infer.Input("x", 1, "B", 4)], [Elsewhere("axes"), Infer.Vector("flat", -1, 4)],
            Make.Node("Unsqueeze", ["x", "axes"], ["u"]), Make.Node("Softmax", ["u"], ["s"], Make.Int("axis", 1)), Make.Node("Reshape", ["s", "flat"], ["y"]));
        softmax.ValueInfo.Add(Infer.Input("u", 1, "B", 1, 4));
        Refused(softmax);
    }

    [Fact]
    public void A_length_that_only_the_file_states_proves_nothing()
    {
        GraphProto cut = Infer.Graph([Infer.Input("x", 1, "B", 8)], [Elsewhere("end"), Infer.Vector("n0", 0), Infer.Vector("n1", 1), Infer.Vector("rows", -1, 4), Infer.Vector("minus", -1)],
            Make.Node("Slice", ["x", "n0", "end", "n1"], ["c"]), Make.Node("Reshape", ["c", "rows"], ["r"]), Make.Node("Softmax", ["r"], ["s"], Make.Int("axis", 1)),
            Make.Node("Shape", ["x"], ["size"]), Make.Node("Slice", ["size", "n0", "n1"], ["b"]), Make.Node("Concat", ["b", "minus"], ["t"], Make.Int("axis", 0)),
            Make.Node("Reshape", ["s", "t"], ["p"]), Make.Node("ReduceSum", ["p", "n1"], ["y"]));
        cut.ValueInfo.Add(Infer.Input("c", 1, "B", 4));
        Refused(cut);
    }

    [Fact]
    public void Numbers_that_are_known_in_a_shape_of_the_batch_depend_on_it()
    {
        // What is read as a shape is known to the reader.
        BatchProof proof = Find(["B", 4], [.. Size, Make.Node("ConstantOfShape", ["numbers"], ["aside"]), Make.Node("Concat", ["b", "minus"], ["t"], Make.Int("axis", 0)), Make.Node("Reshape", ["numbers", "t"], ["r"]), Make.Node("ReduceSum", ["r", "n1"], ["sums"]),
            Make.Node("ReduceMax", ["sums"], ["most"]), Make.Node("Cast", ["most"], ["f"], Make.Int("to", 1)), Make.Node("Add", ["x", "f"], ["y"])]);
        Assert.Contains("has an output of unknown shape", proof.Reason);
    }

    // Half a place further, at any scale.
    [Theory]
    [InlineData("nearest", "ceil", false)]
    [InlineData("nearest", "round_prefer_ceil", false)]
    [InlineData("linear", "", false)]
    [InlineData("nearest", "floor", true)]
    [InlineData("nearest", "round_prefer_floor", true)]
    [InlineData("nearest", "", true)]
    public void A_resize_that_reads_the_next_place_reads_the_next_sample(string mode, string nearest, bool holds)
    {
        List<AttributeProto> attributes = [Make.Text("coordinate_transformation_mode", "tf_half_pixel_for_nn"), Make.Text("mode", mode)];
        if (nearest.Length > 0)
            attributes.Add(Make.Text("nearest_mode", nearest));
        Assert.Equal(holds, Find(["B", 3, 16, 16], [.. Size, Make.Node("Concat", ["b", "n3", "n8", "n8"], ["t"], Make.Int("axis", 0)), Make.Node("Resize", ["x", "", "", "t"], ["y"], [.. attributes])]).Holds);
    }

    [Fact]
    public void Empty_axes_of_a_resize_are_all_of_them()
    {
        NodeProto[] resized = [.. Size, Make.Node("Concat", ["b", "n3", "n8", "n8"], ["t"], Make.Int("axis", 0)), Make.Node("Resize", ["x", "", "", "t"], ["y"], Make.Ints("axes"))];
        Assert.True(Find(["B", 3, 16, 16], resized).Holds);
        Assert.False(Find(["B", 3, 16, 16], [.. Size, Make.Node("Concat", ["n3", "n3", "n8", "n8"], ["t"], Make.Int("axis", 0)), Make.Node("Resize", ["x", "", "", "t"], ["y"], Make.Ints("axes"))]).Holds);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    public void Dropout_that_is_said_to_be_no_test_is_training(long opset)
    {
        Assert.Contains("by chance", Old(opset, Make.Node("Dropout", ["x"], ["y"], Make.Int("is_test", 0))).Reason);
        Assert.Contains("by chance", Old(opset, Make.Node("Dropout", ["row"], ["r"], Make.Int("is_test", 0)), Make.Node("Sum", ["x", "r"], ["y"])).Reason);
        Assert.True(Old(opset, Make.Node("Dropout", ["x"], ["y"], Make.Int("is_test", 1))).Holds);
        Assert.True(Old(opset, Make.Node("Dropout", ["x"], ["y"])).Holds);
        NodeProto dropped = Make.Node("If", ["yes"], ["c"], Make.Body("then_branch", Body(Make.Node("Dropout", ["row"], ["r"], Make.Int("is_test", 0)))), Make.Body("else_branch", Body(Make.Node("Neg", ["row"], ["r"]))));
        Assert.Contains("control flow", Old(opset, dropped, Make.Node("Sum", ["x", "c"], ["y"])).Reason);
    }

    [Theory]
    [InlineData(7, false)]
    [InlineData(9, false)]
    [InlineData(13, false)]
    [InlineData(7, true)]
    [InlineData(13, true)]
    public void Statistics_that_an_old_normalisation_gives_are_those_of_training(long opset, bool holds)
    {
        BatchProof proof = Old(opset, Make.Node("BatchNormalization", ["x", "w4", "w4", "w4", "w4"], holds ? ["y"] : ["y", "", "m"]));
        Assert.Equal(holds, proof.Holds);
        if (!holds)
            Assert.Contains("training", proof.Reason);
    }

    private static void Refused(GraphProto graph) => Assert.False(BatchAxis.Find(Infer.Facts(Make.Model(graph)), ["y"]).Holds);

    private static TensorProto Elsewhere(string name)
    {
        TensorProto tensor = Make.External(name, [1], "numbers.bin");
        tensor.DataType = 7;
        return tensor;
    }

    private static BatchProof Old(long opset, params NodeProto[] nodes)
    {
        TensorProto yes = new() { Name = "yes", DataType = 9, RawData = ByteString.CopyFrom(1) };
        return BatchAxis.Find(Infer.Facts(opset, [Infer.Input("x", 1, "B", 4)], [yes, Make.RandomFloats("row", 2, 1, 4), Make.RandomFloats("w4", 1, 4)], nodes), ["y"]);
    }

    private static GraphProto Body(NodeProto node) => new() { Name = "body", Node = { node }, Output = { new ValueInfoProto { Name = node.Output[0] } } };

    private static NodeProto In(string domain, NodeProto node)
    {
        node.Domain = domain;
        return node;
    }

    private static BatchProof Find(object[] dims, params NodeProto[] nodes)
    {
        TensorProto[] constants =
        [
            Infer.Vector("n0", 0), Infer.Vector("n1", 1), Infer.Vector("n3", 3), Infer.Vector("n4", 4), Infer.Vector("n8", 8), Infer.Vector("minus", -1), Infer.Vector("numbers", 1, 2, 3, 4), Infer.Vector("all", long.MaxValue), Infer.Vector("column", -1, 1),
            Infer.Vector("zeros", 0, 0), Infer.Vector("turned", 1, 0), Infer.Vector("ends", 1, long.MaxValue), new TensorProto { Name = "yes", DataType = 9, RawData = ByteString.CopyFrom(1) },
            new TensorProto { Name = "no", DataType = 9, RawData = ByteString.CopyFrom(0) },
            Make.Floats("w0", [], 0.5f), Make.Floats("w1", [1], 0.5f), Make.RandomFloats("w4", 1, 4), Make.RandomFloats("row", 2, 1, 4), Make.RandomFloats("w44", 3, 4, 4), Make.RandomFloats("stack", 4, 1, 4, 4),
        ];
        return BatchAxis.Find(Infer.Facts(18, [Infer.Input("x", 1, dims)], constants, nodes), [nodes[^1].Output[0]]);
    }
}
