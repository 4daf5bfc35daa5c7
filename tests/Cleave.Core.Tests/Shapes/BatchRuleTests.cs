using Cleave.Core.Shapes.Batch;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>The rules of single operators: off the batch axis samples stay apart, on it they do not.</summary>
public class BatchRuleTests
{
    private static readonly NodeProto Indices = Make.Node("Cast", ["x"], ["i"], Make.Int("to", 7));

    private static readonly NodeProto Bytes = Make.Node("QuantizeLinear", ["x", "w0", "z0"], ["q"]);

    private static readonly NodeProto Turned = Make.Node("Transpose", ["x"], ["t"]);

    private static readonly NodeProto Scaled = Make.Node("DynamicQuantizeLinear", ["x"], ["q", "scale", "offset"]);

    // x is [B,4].
    public static TheoryData<string, NodeProto[]> Apart => new()
    {
        { "largest of each", [Make.Node("TopK", ["x", "n2"], ["y", "at"], Make.Int("axis", 1))] },
        { "the place of the largest", [Make.Node("ArgMax", ["x"], ["y"], Make.Int("axis", 1))] },
        { "the place of the smallest, one axis less", [Make.Node("ArgMin", ["x"], ["y"], Make.Int("axis", -1), Make.Int("keepdims", 0))] },
        { "ones at the end", [Indices, Make.Node("OneHot", ["i", "depth", "w2"], ["y"])] },
        { "ones behind the batch", [Indices, Make.Node("OneHot", ["i", "depth", "w2"], ["y"], Make.Int("axis", 1))] },
        { "elements of each", [Indices, Make.Node("GatherElements", ["x", "i"], ["y"], Make.Int("axis", 1))] },
        { "scattered in each", [Indices, Make.Node("ScatterElements", ["x", "i", "x"], ["y"], Make.Int("axis", 1))] },
        { "normalised places", [Make.Node("Unsqueeze", ["x", "n2"], ["u"]), Make.Node("InstanceNormalization", ["u", "w4", "w4"], ["y"])] },
        { "hardmax", [Make.Node("Hardmax", ["x"], ["y"], Make.Int("axis", -1))] },
        { "an axis put in and taken out", [Make.Node("Unsqueeze", ["x", "n0"], ["u"]), Make.Node("Hardmax", ["u"], ["h"], Make.Int("axis", 0)), Make.Node("Squeeze", ["h", "n0"], ["y"])] },
        { "repeated in each", [Make.Node("Tile", ["x", "n12"], ["y"])] },
        { "a triangle of each", [Make.Node("Unsqueeze", ["x", "n1"], ["u"]), Make.Node("Trilu", ["u"], ["y"])] },
        { "no dropout", [Make.Node("Dropout", ["x"], ["y"])] },
        { "quantised product", [Bytes, Make.Node("QLinearMatMul", ["q", "w0", "z0", "bytes", "w0", "z0", "w0", "z0"], ["y"])] },
        { "integers to floats", [Bytes, Microsoft("MatMulIntegerToFloat", ["q", "bytes", "w0", "w0"])] },
        { "bytes by one scale", [Bytes, Make.Node("DequantizeLinear", ["q", "w0", "z0"], ["y"], Make.Int("axis", 0))] },
        { "bytes by a scale of each column", [Make.Node("QuantizeLinear", ["x", "w4"], ["y"], Make.Int("axis", -1))] },
        { "bytes by one scale for blocks of each", [Make.Node("QuantizeLinear", ["x", "w12"], ["y"], Make.Int("axis", 1), Make.Int("block_size", 2))] },
        { "a bias of each column", [Microsoft("BiasGelu", ["x", "w4"])] },
        { "normalised by numbers for each column", [Make.Node("LayerNormalization", ["x", "w4", "w14"], ["y"])] },
        { "a matrix turned twice", [Turned, Make.Node("Gemm", ["t", "w44", "w4"], ["y"], Make.Int("transA", 1))] },
    };

    public static TheoryData<string, NodeProto[], string> Together => new()
    {
        { "bytes by a scale of each sample", [Make.Node("QuantizeLinear", ["x", "w3"], ["y"], Make.Int("axis", 0))], "for each sample" },
        { "bytes by an offset of each sample", [Bytes, Make.Node("DequantizeLinear", ["q", "w3", "z3"], ["y"], Make.Int("axis", -2))], "for each sample" },
        { "bytes by scales of blocks of samples", [Make.Node("QuantizeLinear", ["x", "w34"], ["y"], Make.Int("axis", 0), Make.Int("block_size", 2))], "for each sample" },
        { "a bias of each sample", [Make.Node("ReduceMax", ["x"], ["m"], Make.Ints("axes", 1), Make.Int("keepdims", 0)), Microsoft("BiasGelu", ["m", "w3"])], "for each sample" },
        { "a quick bias of each sample", [Make.Node("ReduceMax", ["x"], ["m"], Make.Ints("axes", 1), Make.Int("keepdims", 0)), Microsoft("FastGelu", ["m", "w3"])], "for each sample" },
        { "normalised by a factor for each sample", [Make.Node("LayerNormalization", ["x", "w34", "w4"], ["y"])], "for each sample" },
        { "moved by a number for each sample", [Make.Node("LayerNormalization", ["x", "w4", "w31"], ["y"])], "for each sample" },
        { "normalised by the root, a factor for each sample", [Make.Node("RMSNormalization", ["x", "w34"], ["y"])], "for each sample" },
        { "the largest of all", [Make.Node("TopK", ["x", "n2"], ["y", "at"], Make.Int("axis", 0))], "axis 0 is the batch" },
        { "the place among the samples", [Make.Node("ArgMax", ["x"], ["y"])], "axis 0 is the batch" },
        { "the place among the samples, which all get", [Make.Node("ArgMax", ["x"], ["m"]), Make.Node("Cast", ["m"], ["f"], Make.Int("to", 1)), Make.Node("Add", ["x", "f"], ["y"])], "axis 0 is the batch" },
        { "as many ones as samples", [Indices, Make.Node("Shape", ["x"], ["s"]), Make.Node("Gather", ["s", "zero"], ["n"]), Make.Node("OneHot", ["i", "n", "w2"], ["y"])], "depth that depends" },
        { "elements of other samples", [Indices, Make.Node("GatherElements", ["x", "i"], ["y"])], "axis 0 is the batch" },
        { "elements that a constant names", [Make.Node("GatherElements", ["x", "places"], ["y"], Make.Int("axis", 1))], "what another says" },
        { "scattered over samples", [Indices, Make.Node("ScatterElements", ["x", "i", "x"], ["y"])], "axis 0 is the batch" },
        { "normalised over the batch", [Make.Node("Unsqueeze", ["x", "n0"], ["u"]), Make.Node("InstanceNormalization", ["u", "w4", "w4"], ["y"])], "axis 1 is the batch" },
        { "hardmax over the batch", [Make.Node("Hardmax", ["x"], ["y"], Make.Int("axis", 0))], "axis 0 is the batch" },
        { "the batch repeated", [Make.Node("Tile", ["x", "n21"], ["y"])], "repeats the whole batch" },
        { "a triangle of the batch", [Make.Node("Trilu", ["x"], ["y"])], "triangle" },
        { "quantised product with itself", [Bytes, Make.Node("Transpose", ["q"], ["t"]), Make.Node("QLinearMatMul", ["q", "w0", "z0", "t", "w0", "z0", "w0", "z0"], ["y"])], "each with each" },
        { "a sum over the batch", [Make.Node("Gemm", ["x", "x"], ["y"], Make.Int("transA", 1))], "sums over them" },
        { "a turned matrix of constants", [Make.Node("Gemm", ["x", "w44"], ["y"], Make.Int("transA", 1))], "axis 0 is the batch" },
        { "a turned matrix and a vector", [Microsoft("FusedMatMul", ["x", "w4"], Make.Int("transA", 1))], "not followed" },
        { "one scale for a product", [Microsoft("DynamicQuantizeMatMul", ["x", "bytes", "w0"])], "one scale" },
        { "one scale for a recurrent network", [Make.Node("Unsqueeze", ["x", "n0"], ["u"]), Microsoft("DynamicQuantizeLSTM", ["u", "bytes", "bytes"])], "one scale" },
        { "one scale, integers to floats", [Scaled, Microsoft("MatMulIntegerToFloat", ["q", "bytes", "scale", "w0", "offset"])], "one scale" },
        { "one scale, a quantised product", [Scaled, Make.Node("QLinearMatMul", ["q", "scale", "offset", "bytes", "w0", "z0", "w0", "z0"], ["y"])], "one scale" },
    };

    [Theory]
    [MemberData(nameof(Apart))]
    public void Samples_stay_apart(string what, NodeProto[] nodes)
    {
        BatchProof proof = Find(nodes);
        Assert.True(proof.Holds, what + ": " + proof.Reason);
        Assert.True(proof.IsFirstEverywhere);
    }

    [Theory]
    [MemberData(nameof(Together))]
    public void Samples_are_mixed(string what, NodeProto[] nodes, string reason)
    {
        BatchProof proof = Find(nodes);
        Assert.False(proof.Holds, what);
        Assert.Contains(reason, proof.Reason);
    }

    [Fact]
    public void An_axis_put_before_the_batch_moves_it()
    {
        BatchProof proof = Find([Indices, Make.Node("OneHot", ["i", "depth", "w2"], ["y"], Make.Int("axis", 0))]);
        Assert.Equal(1, proof.OutputAxes["y"]);
    }

    private static NodeProto Microsoft(string op, string[] inputs, params AttributeProto[] attributes)
    {
        NodeProto node = Make.Node(op, inputs, ["y"], attributes);
        node.Domain = "com.microsoft";
        return node;
    }

    private static TensorProto Unsigned(string name, params long[] dims)
    {
        byte[] values = new byte[dims.Length == 0 ? 1 : dims[0] * dims[1]];
        return new TensorProto { Name = name, DataType = 2, Dims = { dims }, RawData = ByteString.CopyFrom(values) };
    }

    private static BatchProof Find(NodeProto[] nodes)
    {
        TensorProto[] constants =
        [
            Infer.Vector("n0", 0), Infer.Vector("n1", 1), Infer.Vector("n2", 2), Infer.Vector("n12", 1, 2), Infer.Vector("n21", 2, 1), Infer.Scalar("zero", 0), Infer.Scalar("depth", 5), Infer.Int64s("places", [1, 4], 0, 1, 2, 3),
            Make.Floats("w0", [], 0.5f), Make.Floats("w2", [2], 0, 1), Make.RandomFloats("w4", 1, 4), Make.RandomFloats("w44", 2, 4, 4), Make.RandomFloats("w3", 3, 3), Make.RandomFloats("w12", 4, 1, 2), Make.RandomFloats("w14", 5, 1, 4), Make.RandomFloats("w31", 6, 3, 1), Make.RandomFloats("w34", 7, 3, 4), new TensorProto { Name = "z3", DataType = 2, Dims = { 3 }, RawData = ByteString.CopyFrom(new byte[3]) }, Unsigned("z0"), Unsigned("bytes", 4, 4),
        ];
        return BatchAxis.Find(Infer.Facts(17, [Infer.Input("x", 1, "B", 4)], constants, nodes), ["y"]);
    }
}
