using Cleave.Core.Shapes;
using Cleave.Core.Shapes.Batch;
using Cleave.OnnxProto;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>The batch axis: proven where samples stay apart, and refused with the node where they do not.</summary>
public class BatchAxisTests
{
    private static readonly ValueInfoProto X = Infer.Input("x", 1, "B", 4, "S");

    private static TensorProto I(string name, params long[] values) => Infer.Vector(name, values);

    public static TheoryData<string, NodeProto[]> Apart => new()
    {
        { "softmax over another axis", [Make.Node("Softmax", ["x"], ["y"], Make.Int("axis", -1))] },
        { "layer norm", [Make.Node("LayerNormalization", ["x", "w1"], ["y"], Make.Int("axis", 1))] },
        { "mean over another axis", [Make.Node("ReduceMean", ["x"], ["y"], Make.Ints("axes", 1))] },
        { "products", [Make.Node("MatMul", ["w44", "x"], ["y"])] },
        { "stacked products", [Make.Node("Transpose", ["x"], ["t"], Make.Ints("perm", 0, 2, 1)), Make.Node("MatMul", ["x", "t"], ["y"])] },
        { "merged with what stands behind it", [Make.Node("Shape", ["x"], ["s"]), Make.Node("Reshape", ["x", "merged"], ["m"]), Make.Node("Relu", ["m"], ["r"]), Make.Node("Slice", ["s", "n1", "n3"], ["rest"]), Make.Node("Concat", ["minus", "rest"], ["t"], Make.Int("axis", 0)), Make.Node("Reshape", ["r", "t"], ["y"])] },
        { "turned away and back", [Make.Node("Transpose", ["x"], ["t"], Make.Ints("perm", 1, 0, 2)), Make.Node("Softmax", ["t"], ["m"], Make.Int("axis", 0)), Make.Node("Transpose", ["m"], ["y"], Make.Ints("perm", 1, 0, 2))] },
        { "a constant for each sample", [Make.Node("Shape", ["x"], ["s"]), Make.Node("Expand", ["w1", "s"], ["e"]), Make.Node("Concat", ["x", "e"], ["y"], Make.Int("axis", 1))] },
        { "zeros for each sample", [Make.Node("Shape", ["x"], ["s"]), Make.Node("ConstantOfShape", ["s"], ["z"]), Make.Node("Add", ["x", "z"], ["y"])] },
        { "rows of a table", [Make.Node("Cast", ["x"], ["i"], Make.Int("to", 7)), Make.Node("Gather", ["w44", "i"], ["y"])] },
        { "the first of each sample", [Make.Node("Gather", ["x", "zero"], ["y"], Make.Int("axis", 1))] },
        { "positions of the sequence", [Make.Node("Shape", ["x"], ["s"]), Make.Node("Gather", ["s", "two"], ["n"]), Make.Node("Range", ["zero", "n", "one"], ["r"]), Make.Node("Cast", ["r"], ["f"], Make.Int("to", 1)), Make.Node("Add", ["x", "f"], ["y"])] },
        { "the whole batch named in a slice", [Make.Node("Slice", ["x", "n0", "all", "n0"], ["y"])] },
        { "einsum", [Make.Node("Einsum", ["x", "w44"], ["y"], Make.Text("equation", "bcs,cd->bsd"))] },
        { "quantised with a constant scale", [Make.Node("QuantizeLinear", ["x", "w0"], ["q"]), Make.Node("DequantizeLinear", ["q", "w0"], ["y"])] },
    };

    public static TheoryData<string, NodeProto[], string> Together => new()
    {
        { "softmax over the batch", [Make.Node("Softmax", ["x"], ["y"], Make.Int("axis", 0))], "axis 0 is the batch" },
        { "mean over the batch", [Make.Node("ReduceMean", ["x"], ["m"], Make.Ints("axes", 0)), Make.Node("Sub", ["x", "m"], ["y"])], "axis 0 is the batch" },
        { "mean over everything", [Make.Node("ReduceMean", ["x"], ["m"]), Make.Node("Sub", ["x", "m"], ["y"])], "all axes" },
        { "similarity", [Make.Node("Flatten", ["x"], ["f"]), Make.Node("Transpose", ["f"], ["t"]), Make.Node("MatMul", ["f", "t"], ["y"])], "multiplies each with each" },
        { "sum over the batch", [Make.Node("Transpose", ["x"], ["t"], Make.Ints("perm", 1, 2, 0)), Make.Node("Reshape", ["t", "merged"], ["y"])], "behind other axes" },
        { "merged behind another axis", [Make.Node("Transpose", ["x"], ["t"], Make.Ints("perm", 1, 0, 2)), Make.Node("Reshape", ["t", "merged"], ["y"])], "behind other axes" },
        { "places in the batch", [Make.Node("Shape", ["x"], ["s"]), Make.Node("Gather", ["s", "zero"], ["n"]), Make.Node("Range", ["zero", "n", "one"], ["r"]), Make.Node("Cast", ["r"], ["f"], Make.Int("to", 1)), Make.Node("Reshape", ["f", "column"], ["c"]), Make.Node("Add", ["x", "c"], ["y"])], "counts the samples" },
        { "times the size of the batch", [Make.Node("Shape", ["x"], ["s"]), Make.Node("Gather", ["s", "zero"], ["n"]), Make.Node("Cast", ["n"], ["f"], Make.Int("to", 1)), Make.Node("Mul", ["x", "f"], ["y"])], "size of the batch" },
        { "part of the batch", [Make.Node("Slice", ["x", "n0", "n1", "n0"], ["y"])], "part of the batch" },
        { "the batch turned round", [Make.Node("Slice", ["x", "minus", "least", "n0", "minus"], ["y"])], "part of the batch" },
        { "one sample for all", [Make.Node("Gather", ["x", "zero"], ["g"], Make.Int("axis", 0)), Make.Node("Add", ["x", "g"], ["y"])], "picks samples" },
        { "batch behind batch", [Make.Node("Concat", ["x", "x"], ["y"], Make.Int("axis", 0))], "axis 0 is the batch" },
        { "a vector of the batch against the last axis", [Make.Node("ReduceMean", ["x"], ["m"], Make.Ints("axes", 1, 2), Make.Int("keepdims", 0)), Make.Node("Add", ["x", "m"], ["y"])], "against another axis" },
        { "what is found", [Make.Node("NonZero", ["x"], ["y"])], "one list" },
        { "one scale for all", [Make.Node("DynamicQuantizeLinear", ["x"], ["q", "sc", "z"]), Make.Node("DequantizeLinear", ["q", "sc", "z"], ["y"])], "one scale" },
        { "sums up to a sample", [Make.Node("CumSum", ["x", "zero"], ["y"])], "axis 0 is the batch" },
        { "padding of the batch", [Make.Node("Pad", ["x", "pads"], ["y"])], "pads the batch" },
        { "training", [Make.Node("BatchNormalization", ["x", "w4", "w4", "w4", "w4"], ["y", "a", "b"], Make.Int("training_mode", 1))], "training" },
        { "by chance", [Make.Node("RandomNormalLike", ["x"], ["r"]), Make.Node("Add", ["x", "r"], ["y"])], "not known" },
        { "einsum over the batch", [Make.Node("Einsum", ["x", "x"], ["y"], Make.Text("equation", "bcs,bds->cd"))], "sums over the batch" },
        { "not of the sample at all", [Make.Node("Shape", ["x"], ["y"])], "no axis" },
        { "an unknown operator", [new NodeProto { Name = "odd", OpType = "Odd", Domain = "elsewhere", Input = { "x" }, Output = { "y" } }], "not known to keep samples apart" },
    };

    [Theory]
    [MemberData(nameof(Apart))]
    public void Samples_stay_apart(string what, NodeProto[] nodes)
    {
        BatchProof proof = Find([X], nodes);
        Assert.True(proof.Holds, what + ": " + proof.Reason);
        Assert.Equal("B", proof.Dimension);
        Assert.True(proof.IsFirstEverywhere);
    }

    [Theory]
    [MemberData(nameof(Together))]
    public void Samples_are_mixed_and_it_is_said_where(string what, NodeProto[] nodes, string reason)
    {
        BatchProof proof = Find([Infer.Input("x", 1, "B", 4, 4)], nodes);
        Assert.False(proof.Holds, what);
        Assert.Contains(reason, proof.Reason);
    }

    [Fact]
    public void Recurrent_steps_lie_on_the_first_axis_and_the_batch_on_the_second()
    {
        NodeProto lstm = Make.Node("LSTM", ["x", "w", "r"], ["y", "h", "c"], Make.Int("hidden_size", 3));
        TensorProto[] weights = [Make.RandomFloats("w", 1, 1, 12, 5), Make.RandomFloats("r", 2, 1, 12, 3)];
        GraphFacts timeMajor = Infer.Facts(17, [Infer.Input("x", 1, "T", "B", 5)], weights, lstm);
        BatchProof proof = BatchAxis.Find(timeMajor, ["y"]);
        Assert.True(proof.Holds, proof.Reason);
        Assert.Equal("B", proof.Dimension);
        Assert.Equal(1, proof.InputAxes["x"]);
        Assert.Equal(2, proof.OutputAxes["y"]);
        Assert.False(proof.IsFirstEverywhere);
        BatchProof none = BatchAxis.Find(Infer.Facts(17, [Infer.Input("x", 1, "B", 7, 5)], weights, lstm), ["y"]);
        Assert.Contains("steps along", none.Reason);
    }

    [Fact]
    public void Rows_of_a_product_with_packed_weights_stay_apart()
    {
        NodeProto product = Make.Node("MatMulNBits", ["x", "packed", "scales"], ["y"], Make.Int("K", 128), Make.Int("N", 8), Make.Int("bits", 8), Make.Int("block_size", 128));
        product.Domain = "com.microsoft";
        TensorProto[] weights = [Make.RandomFloats("packed", 1, 8, 1, 128), Make.RandomFloats("scales", 2, 8)];
        Assert.Equal("B", BatchAxis.Find(Infer.Facts(17, [Infer.Input("x", 1, "B", 128)], weights, product), ["y"]).Dimension);
        Assert.Contains("axis 1 is the batch", BatchAxis.Find(Infer.Facts(17, [Infer.Input("x", 1, 3, "B")], weights, product), ["y"]).Reason);
        Assert.Contains("depend on the samples", BatchAxis.Find(Infer.Facts(17, [Infer.Input("x", 1, "B", 128), Infer.Input("scales", 1, "B")], [weights[0]], product), ["y"]).Reason);
    }

    [Fact]
    public void Every_input_has_the_dimension_once()
    {
        NodeProto add = Make.Node("Add", ["x", "z"], ["y"]);
        Assert.Contains("'z'", Find([X, Infer.Input("z", 1, 4, 3)], [Make.Node("ReduceMean", ["x"], ["y"], Make.Ints("axes", 2))]).Reason);
        Assert.Contains("no dimension", Find([Infer.Input("x", 1, 3, 4)], [Make.Node("Relu", ["x"], ["y"])]).Reason);
        Assert.Contains("exactly once", Find([Infer.Input("x", 1, "B", "B")], [Make.Node("Relu", ["x"], ["y"])]).Reason);
        Assert.Equal("B", Find([X, Infer.Input("z", 1, "B", 1, 1)], [add]).Dimension);
    }

    [Fact]
    public void The_first_name_that_is_not_shared_is_what_is_wrong()
    {
        NodeProto[] sum = [Make.Node("Add", ["ids", "mask"], ["y"])];
        // Two exporters' names for the batch: that the other dimension, which is shared, mixes samples does not help alone.
        Assert.EndsWith("; and the input 'mask' does not have the dimension 'batch' exactly once",
            Find([Infer.Input("ids", 1, "batch", "sequence"), Infer.Input("mask", 1, "batch_size", "sequence")], [Make.Node("ReduceSum", ["ids"], ["s"]), Make.Node("Add", ["s", "mask"], ["y"])]).Reason);
        Assert.Equal("the input 'mask' does not have the dimension 'batch' exactly once",
            Find([Infer.Input("ids", 1, "batch", "sequence"), Infer.Input("mask", 1, "b", "s")], sum).Reason);
        // It is no reason where a later one holds.
        Assert.Equal("sequence", Find([Infer.Input("ids", 1, "batch", "sequence"), Infer.Input("mask", 1, "b", "sequence")], sum).Dimension);
    }

    [Fact]
    public void Only_the_outputs_asked_for_count()
    {
        GraphFacts facts = Infer.Facts(17, [X], [], Make.Node("Relu", ["x"], ["a"]), Make.Node("ReduceMean", ["x"], ["m"]), Make.Node("Sub", ["a", "m"], ["y"]));
        Assert.True(BatchAxis.Find(facts, ["a"]).Holds);
        Assert.False(BatchAxis.Find(facts, ["a", "y"]).Holds);
    }

    private static BatchProof Find(ValueInfoProto[] inputs, NodeProto[] nodes)
    {
        TensorProto[] constants =
        [
            Make.RandomFloats("w44", 1, 4, 4), Make.RandomFloats("w4", 2, 4), Make.Floats("w0", [], 0.5f), Make.Floats("w1", [1], 0.5f), I("merged", -1, 4), Infer.Scalar("zero", 0), Infer.Scalar("one", 1), Infer.Scalar("two", 2),
            I("n0", 0), I("n1", 1), I("n3", 3), I("minus", -1), I("least", long.MinValue + 1), I("all", long.MaxValue), I("column", -1, 1, 1), I("pads", 1, 0, 0, 0, 0, 0),
        ];
        return BatchAxis.Find(Infer.Facts(17, inputs, constants, nodes), [nodes[^1].Output[0]]);
    }
}
