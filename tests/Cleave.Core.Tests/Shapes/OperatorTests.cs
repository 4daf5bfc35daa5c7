using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>Operators with several outputs, or whose shapes come from attributes, over named dimensions.</summary>
public sealed class OperatorTests
{
    [Theory]
    [InlineData("forward", 0, "[T,1,N,16]", "[1,N,16]")]
    [InlineData("bidirectional", 0, "[T,2,N,16]", "[2,N,16]")]
    [InlineData("reverse", 1, "[N,T,1,16]", "[N,1,16]")]
    public void Lstm(string direction, int layout, string sequence, string state)
    {
        long directions = direction == "bidirectional" ? 2 : 1;
        ValueInfoProto x = layout == 0 ? Infer.Input("x", 1, "T", "N", 8) : Infer.Input("x", 1, "N", "T", 8);
        GraphFacts facts = Infer.Facts(17, [x],
            [Make.RandomFloats("w", 1, directions, 64, 8), Make.RandomFloats("r", 1, directions, 64, 16)],
            Make.Node("LSTM", ["x", "w", "r"], ["y", "", "c"], Make.Int("hidden_size", 16), Make.Text("direction", direction), Make.Int("layout", layout)));
        Assert.Equal("float " + sequence, facts.Of("y").ToString());
        Assert.Equal("float " + state, facts.Of("c").ToString());
    }

    [Theory]
    [InlineData("bij,bjk->bik", "float [B,M,5]")]
    [InlineData("bij, bjk", "float [M,5]")]
    [InlineData("...ij,...jk->...ki", "float [B,5,M]")]
    [InlineData("bij,bjk->", "float []")]
    [InlineData("bij,bj->bi", "float *")]
    [InlineData("bij,bjk->bz", "float *")]
    [InlineData("->", "float *")]
    public void Einsum(string equation, string expected)
    {
        GraphFacts facts = Infer.Facts(17, [Infer.Input("a", 1, "B", "M", 4), Infer.Input("b", 1, "B", 4, 5)], [],
            Make.Node("Einsum", ["a", "b"], ["y"], Make.Text("equation", equation)));
        Assert.Equal(expected, facts.Of("y").ToString());
    }

    [Fact]
    public void Products_broadcast_their_stacks_and_take_vectors()
    {
        GraphFacts facts = Infer.Facts(17, [Infer.Input("a", 1, "N", 1, "M", 4), Infer.Input("b", 1, 3, 4, "K"), Infer.Input("v", 1, 4)], [],
            Make.Node("MatMul", ["a", "b"], ["ab"]),
            Make.Node("MatMul", ["a", "v"], ["av"]),
            Make.Node("MatMul", ["v", "b"], ["vb"]),
            Make.Node("MatMul", ["v", "v"], ["vv"]));
        Assert.Equal("float [N,3,M,K]", facts.Of("ab").ToString());
        Assert.Equal("float [N,1,M]", facts.Of("av").ToString());
        Assert.Equal("float [3,K]", facts.Of("vb").ToString());
        Assert.Equal("float []", facts.Of("vv").ToString());
    }

    [Fact]
    public void Two_dimensions_that_broadcast_are_one_of_them()
    {
        GraphFacts facts = Infer.Facts(17, [Infer.Input("a", 1, "N", 4), Infer.Input("b", 1, "M", 4)], [], Make.Node("Add", ["a", "b"], ["y"]));
        Assert.Equal("float [broadcast(M,N),4]", facts.Of("y").ToString());
        Assert.Equal([7, 4], facts.ShapeAt("y", name => name == "N" ? 7 : 1)!);
        Assert.Equal([0, 4], facts.ShapeAt("y", name => name == "N" ? 0 : 1)!);
        Assert.Null(facts.ShapeAt("y", name => name == "N" ? 7 : 2));
    }

    [Fact]
    public void Statistics_of_a_layer_norm_have_one_place_for_what_it_covers()
    {
        GraphFacts facts = Infer.Facts(17, [Infer.Input("x", 10, "N", "T", 64)], [Make.RandomFloats("scale", 1, 64)],
            Make.Node("LayerNormalization", ["x", "scale"], ["y", "mean", "deviation"], Make.Int("axis", 1)));
        Assert.Equal("float16 [N,T,64]", facts.Of("y").ToString());
        Assert.Equal("float [N,1,1]", facts.Of("mean").ToString());
        Assert.Equal("float [N,1,1]", facts.Of("deviation").ToString());
    }

    [Fact]
    public void Quantised_types_are_those_of_the_zero_point_or_the_attribute()
    {
        TensorProto zero = new() { Name = "zero", DataType = 3, RawData = Google.Protobuf.ByteString.CopyFrom(0) };
        GraphFacts facts = Infer.Facts(21, [Infer.Input("x", 1, "N"), Infer.Input("s", 1)], [zero],
            Make.Node("QuantizeLinear", ["x", "s"], ["a"]),
            Make.Node("QuantizeLinear", ["x", "s", "zero"], ["b"]),
            Make.Node("QuantizeLinear", ["x", "s"], ["c"], Make.Int("output_dtype", 5)),
            Make.Node("DequantizeLinear", ["b", "s", "zero"], ["d"]),
            Make.Node("DynamicQuantizeLinear", ["x"], ["e", "scale", "point"]));
        Assert.Equal("uint8 [N]", facts.Of("a").ToString());
        Assert.Equal("int8 [N]", facts.Of("b").ToString());
        Assert.Equal("int16 [N]", facts.Of("c").ToString());
        Assert.Equal("float [N]", facts.Of("d").ToString());
        Assert.Equal("float []", facts.Of("scale").ToString());
        Assert.Equal("uint8 []", facts.Of("point").ToString());
    }

    [Fact]
    public void Attention_grows_by_the_past()
    {
        GraphFacts facts = Infer.Facts(23,
            [Infer.Input("q", 1, "N", "T", 64), Infer.Input("k", 1, "N", "T", 32), Infer.Input("v", 1, "N", "T", 48),
             Infer.Input("pk", 1, "N", 2, "P", 16), Infer.Input("pv", 1, "N", 2, "P", 24)], [],
            Make.Node("Attention", ["q", "k", "v", "", "pk", "pv"], ["y", "present_key", "present_value"],
                Make.Int("q_num_heads", 4), Make.Int("kv_num_heads", 2)));
        Assert.Equal("float [N,T,96]", facts.Of("y").ToString());
        Assert.Equal("float [N,2,P+T,16]", facts.Of("present_key").ToString());
        Assert.Equal("float [N,2,P+T,24]", facts.Of("present_value").ToString());
    }
}
