using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>Convolutions and pools over pictures whose sides are chosen later.</summary>
public sealed class WindowTests
{
    private static readonly ValueInfoProto Picture = Infer.Input("x", 1, "N", 3, "H", "W");

    [Fact]
    public void Strided_windows_halve_the_sides_again_and_again()
    {
        GraphFacts facts = Infer.Facts(17, [Picture], [Make.RandomFloats("w", 1, 8, 3, 3, 3)],
            Make.Node("Conv", ["x", "w"], ["a"], Make.Ints("strides", 2, 2), Make.Ints("pads", 1, 1, 1, 1)),
            Make.Node("MaxPool", ["a"], ["b"], Make.Ints("kernel_shape", 3, 3), Make.Ints("strides", 2, 2), Make.Ints("pads", 1, 1, 1, 1)),
            Make.Node("AveragePool", ["b"], ["c"], Make.Ints("kernel_shape", 2, 2), Make.Ints("strides", 2, 2), Make.Int("ceil_mode", 1)),
            Make.Node("GlobalAveragePool", ["c"], ["d"]));
        Assert.Equal("float [N,8,floor((H+1)/2),floor((W+1)/2)]", facts.Of("a").ToString());
        Assert.Equal("float [N,8,floor((H+3)/4),floor((W+3)/4)]", facts.Of("b").ToString());
        Assert.Equal("float [N,8,floor((H+7)/8),floor((W+7)/8)]", facts.Of("c").ToString());
        Assert.Equal("float [N,8,1,1]", facts.Of("d").ToString());
        Assert.Equal([2, 8, 4, 6], facts.ShapeAt("c", Sides)!);
    }

    [Fact]
    public void An_even_stride_and_its_transpose_meet_again()
    {
        GraphFacts facts = Infer.Facts(17, [Infer.Input("x", 1, "N", 4, "H", 10)], [Make.RandomFloats("w", 1, 4, 6, 2, 2)],
            Make.Node("ConvTranspose", ["x", "w"], ["a"], Make.Ints("strides", 2, 2), Make.Int("group", 2)),
            Make.Node("MaxPool", ["a"], ["b"], Make.Ints("kernel_shape", 2, 2), Make.Ints("strides", 2, 2)));
        Assert.Equal("float [N,12,2*H,20]", facts.Of("a").ToString());
        Assert.Equal("float [N,12,H,10]", facts.Of("b").ToString());
    }

    [Theory]
    [InlineData("SAME_UPPER", "float [N,8,floor((H+1)/2),floor((W+1)/2)]")]
    [InlineData("SAME_LOWER", "float [N,8,floor((H+1)/2),floor((W+1)/2)]")]
    [InlineData("VALID", "float [N,8,floor((H+1)/2)-1,floor((W+1)/2)-1]")]
    public void Padding_may_be_the_operators_own_affair(string padding, string expected)
    {
        GraphFacts facts = Infer.Facts(17, [Picture], [Make.RandomFloats("w", 1, 8, 3, 3, 3)],
            Make.Node("Conv", ["x", "w"], ["y"], Make.Ints("strides", 2, 2), Make.Text("auto_pad", padding)));
        Assert.Equal(expected, facts.Of("y").ToString());
    }

    [Fact]
    public void MaxPool_says_where_it_found_them()
    {
        GraphFacts facts = Infer.Facts(17, [Picture], [],
            Make.Node("MaxPool", ["x"], ["y", "where"], Make.Ints("kernel_shape", 2, 2), Make.Ints("strides", 2, 2)),
            Make.Node("MaxUnpool", ["y", "where"], ["z"], Make.Ints("kernel_shape", 2, 2), Make.Ints("strides", 2, 2)));
        Assert.Equal("int64 [N,3,floor(H/2),floor(W/2)]", facts.Of("where").ToString());
        Assert.Equal("float [N,3,2*floor(H/2),2*floor(W/2)]", facts.Of("z").ToString());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    [InlineData(1, 0)]
    [InlineData(1, long.MaxValue)]
    public void What_no_window_can_be_leaves_the_sides_unknown(long stride, long dilation)
    {
        GraphFacts facts = Infer.Facts(17, [Picture], [Make.RandomFloats("w", 1, 8, 3, 3, 3)],
            Make.Node("Conv", ["x", "w"], ["y"], Make.Ints("strides", stride, stride), Make.Ints("dilations", dilation, dilation)));
        Assert.Equal("float [N,8,?0,?1]", facts.Of("y").ToString());
    }

    private static long? Sides(string name) => name switch { "N" => 2, "H" => 30, _ => 41 };
}
