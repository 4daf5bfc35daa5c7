using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>Bounds, axes and sizes at the edge of what an operator takes: as ONNX Runtime, or not known; and never an exception.</summary>
public class ShapeEdgeTests
{
    private static readonly ValueInfoProto X = Infer.Input("x", 1, "B", 4);

    private static readonly long[] Extremes =
        [int.MaxValue, int.MaxValue - 1L, int.MaxValue + 1L, int.MinValue, -int.MaxValue, long.MaxValue, long.MaxValue - 1, long.MinValue + 1, long.MinValue];

    private static TensorProto I(string name, params long[] values) => Infer.Vector(name, values);

    [Theory]
    [InlineData(-1, long.MinValue + 1, -1, "5,4,3,2,1")]
    [InlineData(-10, -100, -1, "1")]
    [InlineData(-10, -100, -3, "1")]
    [InlineData(3, -100, -2, "4,2")]
    [InlineData(int.MaxValue, 0, -1, "5,4,3,2")]
    [InlineData(long.MaxValue, 1, -2, "5,3")]
    [InlineData(-1, int.MaxValue - 1L, -1, "")]
    [InlineData(1, int.MaxValue, 2, "2,4")]
    [InlineData(-10, long.MaxValue, 2, "1,3,5")]
    // ONNX Runtime takes these ends for all that is left, the specification for the last element.
    [InlineData(-1, int.MaxValue, -1, null)]
    [InlineData(-1, long.MaxValue, -1, null)]
    public void Slices_of_numbers(long start, long end, long step, string? expected)
    {
        GraphFacts facts = Sliced([1, 2, 3, 4, 5], [(start, end, step)]);
        Assert.Equal(expected, facts.Of("y0").Content is { } content ? string.Join<Dim>(",", content) : null);
    }

    [Fact]
    public void Random_slices_of_numbers_agree_with_ONNX_Runtime()
    {
        Random random = new(8);
        int unknown = 0, all = 0;
        for (int round = 0; round < 30; round++)
        {
            long Bound() => random.Next(3) == 0 ? Extremes[random.Next(Extremes.Length)] : random.Next(-8, 9);
            long Step() => random.Next(5) switch { 0 => Extremes[random.Next(Extremes.Length - 1)], 1 => random.Next(2, 4), 2 => -2, 3 => -1, _ => 1 };
            (long Start, long End, long Step)[] slices = [.. Enumerable.Range(0, 20).Select(_ => (Bound(), Bound(), Step()))];
            GraphFacts facts = Sliced([.. Enumerable.Range(1, round % 6).Select(n => (long)n)], slices);
            unknown += Enumerable.Range(0, slices.Length).Count(i => facts.Of("y" + i.ToString(CultureInfo.InvariantCulture)).Content is null);
            all += slices.Length;
        }
        Assert.InRange(unknown, 0, all / 6);
    }

    [Theory]
    [InlineData(13)]
    [InlineData(11)]
    public void An_empty_list_of_axes_to_squeeze_leaves_open_what_happens_to_ones(long opset)
    {
        NodeProto Squeeze(string x, string y) => opset < 13 ? Make.Node("Squeeze", [x], [y], Make.Ints("axes")) : Make.Node("Squeeze", [x, "none"], [y]);
        ModelProto model = Make.Model(Infer.Graph([Make.Value("a", 1, 3, 1), Make.Value("b", 2, 3), Infer.Input("c", 1, "B", 3)], [I("none")],
            Squeeze("a", "ya"), Squeeze("b", "yb"), Squeeze("c", "yc")), opset: opset);
        OrtShapes.Agree(model, OrtShapes.At(("B", 1)), OrtShapes.At(("B", 2)));
        GraphFacts facts = Infer.Facts(model);
        Assert.Equal("float *", facts.Of("ya").ToString());
        Assert.Equal("float [2,3]", facts.Of("yb").ToString());
        Assert.Equal("float *", facts.Of("yc").ToString());
    }

    [Theory]
    [InlineData(new long[] { 3, 2 }, new long[] { 3 }, false)]
    [InlineData(new long[] { 2, 3 }, new long[] { 2 }, false)]
    [InlineData(new long[] { 2, 3 }, new long[] { 3 }, false)]
    [InlineData(new long[] { 3 }, new long[] { 2 }, false)]
    [InlineData(new long[] { 2, 3 }, new long[] { 2, 3 }, true)]
    [InlineData(new long[] { 2, 3 }, new long[] { 1 }, true)]
    [InlineData(new long[] { 3 }, new long[] { }, true)]
    public void Before_operator_set_7_elements_are_known_where_no_attribute_says_how_they_meet(long[] one, long[] other, bool known)
    {
        TensorProto Ascending(string name, long[] dims) => Infer.Int64s(name, dims, [.. Enumerable.Range(1, (int)dims.Aggregate(1L, (a, b) => a * b)).Select(n => (long)n)]);
        GraphFacts facts = Infer.Facts(6, [X], [Ascending("a", one), Ascending("b", other)],
            Make.Node("Add", ["a", "b"], ["s"], Make.Int("axis", 0), Make.Int("broadcast", 1)), Make.Node("Reshape", ["x", "s"], ["y"]));
        Assert.Equal("int64 [" + string.Join(",", one) + "]", facts.Of("s").ToString());
        Assert.Equal(known, facts.Of("s").Content is not null);
        if (known)
            Assert.Equal(2, facts.Of("s").Content![0].Value);
    }

    [Theory]
    [InlineData(-1, 5)]
    [InlineData(5, -1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(1, long.MaxValue)]
    [InlineData(long.MinValue, long.MinValue)]
    public void Sizes_that_no_part_has_split_nothing(long one, long other)
    {
        GraphFacts facts = Infer.Facts(11, [X], [I("c", 1, 2, 3, 4)],
            Make.Node("Split", ["c"], ["a", "b"], Make.Ints("split", one, other)), Make.Node("Reshape", ["x", "a"], ["y"]), Make.Node("Reshape", ["x", "b"], ["z"]));
        Assert.True(facts.Of("b").Content is null);
    }

    [Fact]
    public void Elements_that_a_shape_does_not_hold_are_given_up()
    {
        GraphFacts facts = Infer.Facts(17, [X], [I("c", 1, 2, 3, 4), I("six", 2, 3)],
            Make.Node("Reshape", ["c", "six"], ["r"]), Make.Node("Transpose", ["r"], ["t"]), Make.Node("Squeeze", ["c", "zero"], ["s"]), Make.Constant("zero", I("", 0)),
            Make.Node("Reshape", ["x", "t"], ["y"]), Make.Node("Reshape", ["x", "s"], ["z"]));
        Assert.Equal("int64 [3,2]", facts.Of("t").ToString());
        Assert.Null(facts.Of("t").Content);
        Assert.Null(facts.Of("s").Content);
    }

    [Fact]
    public void Elements_are_given_up_where_the_file_says_a_shape_that_does_not_hold_them()
    {
        GraphProto graph = Infer.Graph([X, Infer.Input("target", 7, 2)], [I("c", 1, 2, 3, 4)],
            Make.Node("Reshape", ["c", "target"], ["r"]), Make.Node("Transpose", ["r"], ["t"]), Make.Node("Reshape", ["x", "t"], ["y"]));
        Assert.Equal("1,2,3,4", string.Join<Dim>(",", Infer.Facts(Make.Model(graph)).Of("r").Content!));
        graph.ValueInfo.Add(Make.Typed("r", 7, 2, 3));
        GraphFacts facts = Infer.Facts(Make.Model(graph));
        Assert.Equal("int64 [3,2]", facts.Of("t").ToString());
        Assert.Null(facts.Of("r").Content);
        Assert.Null(facts.Of("t").Content);
    }

    [Fact]
    public void A_sequence_of_nothing_holds_nothing_that_is_known()
    {
        GraphFacts facts = Infer.Facts(17, [X], [], Make.Node("SequenceConstruct", [], ["s"]), Make.Node("SequenceLength", ["s"], ["y"]));
        Assert.Equal("int64 []", facts.Of("y").ToString());
        Assert.Equal("sequence(unknown)", facts.Of("s").ToString());
    }

    // Slices of a followed vector, which reach a shape, and of a float of the same size.
    private static GraphFacts Sliced(long[] elements, (long Start, long End, long Step)[] slices)
    {
        List<NodeProto> nodes = [Make.Constant("lo", Infer.Scalar("", 1)), Make.Constant("hi", Infer.Scalar("", 2)), Make.Constant("one", Make.Floats("", [1], 1))];
        List<TensorProto> constants = [I("v", elements)];
        for (int i = 0; i < slices.Length; i++)
        {
            string n = i.ToString(CultureInfo.InvariantCulture);
            constants.AddRange([I("s" + n, slices[i].Start), I("e" + n, slices[i].End), I("t" + n, slices[i].Step)]);
            nodes.AddRange([Make.Node("Slice", ["v", "s" + n, "e" + n, "", "t" + n], ["y" + n]), Make.Node("Clip", ["y" + n, "lo", "hi"], ["k" + n]), Make.Node("Expand", ["one", "k" + n], ["z" + n]),
                Make.Node("Slice", ["f", "s" + n, "e" + n, "", "t" + n], ["g" + n])]);
        }
        ModelProto model = Make.Model(Infer.Graph([Make.Value("f", elements.Length, 2)], [.. constants], [.. nodes]));
        OrtShapes.Agree(model, OrtShapes.At());
        return Infer.Facts(model);
    }
}
