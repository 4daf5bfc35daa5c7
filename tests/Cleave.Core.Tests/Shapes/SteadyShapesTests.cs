using System.Linq;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>Which shapes follow from those of the inputs, though inference may not say them.</summary>
public sealed class SteadyShapesTests
{
    private static readonly ValueInfoProto X = Infer.Input("x", 1, "N", 4);
    private static readonly ValueInfoProto Chosen = Infer.Input("chosen", 7, 1);

    [Theory]
    [InlineData("Relu", true)]
    [InlineData("Transpose", true)]
    [InlineData("NonZero", false)]
    [InlineData("NoOperator", false)]
    public void One_operator(string op, bool isSteady) => Assert.Equal(isSteady, IsSteady([X], [], Make.Node(op, ["x"], ["y"])));

    [Theory]
    [InlineData("size", true)]
    [InlineData("chosen", false)]
    public void Numbers_that_a_shape_is_made_of(string from, bool isSteady)
    {
        NodeProto[] nodes =
        [
            Make.Node("Shape", ["x"], ["shape"]),
            Make.Node("Gather", ["shape", "zero"], ["size"]),
            // Inference gives up here.
            Make.Node("BitShift", [from, "one"], ["bits"], Make.Text("direction", "LEFT")),
            Make.Node("ConstantOfShape", ["bits"], ["y"]),
        ];
        Assert.Equal(isSteady, IsSteady([X, Chosen], [Infer.Vector("zero", 0), Infer.Vector("one", 1)], nodes));
    }

    [Fact]
    public void Numbers_that_are_picked_with_decide_no_shape() =>
        Assert.True(IsSteady([Infer.Input("x", 1), Chosen], [], Make.Node("Gather", ["x", "chosen"], ["y"])));

    [Fact]
    public void What_is_found_among_numbers_of_shapes_is_found_again() => Assert.True(IsSteady([X], [],
        Make.Node("Shape", ["x"], ["shape"]), Make.Node("NonZero", ["shape"], ["y"])));

    [Fact]
    public void What_is_drawn_is_not()
    {
        Assert.False(IsSteady([X], [], Make.Node("RandomUniformLike", ["x"], ["r"]), Make.Node("NonZero", ["r"], ["y"])));
        Assert.True(IsSteady([X], [], Make.Node("RandomUniformLike", ["x"], ["y"])));
    }

    [Theory]
    [InlineData("Tanh", true, true)]
    [InlineData("NonZero", true, false)]
    [InlineData("Tanh", false, false)]
    public void An_If_goes_the_same_way_where_dimensions_decide(string op, bool byDimension, bool isSteady)
    {
        GraphProto then = Body(Make.Node("Transpose", ["x"], ["a"])), otherwise = Body(Make.Node(op, ["x"], ["t"]), Make.Node("ReduceMax", ["t"], ["b"], Make.Int("keepdims", 0)));
        NodeProto[] nodes =
        [
            Make.Node("Shape", ["x"], ["shape"]),
            Make.Node("Gather", ["shape", "zero"], ["size"]),
            Make.Node("Equal", [byDimension ? "size" : "chosen", "one"], ["condition"]),
            Make.Node("If", ["condition"], ["y"], Make.Body("then_branch", then), Make.Body("else_branch", op == "NonZero" ? Body(Make.Node(op, ["x"], ["b"])) : otherwise)),
        ];
        Assert.Equal(isSteady, IsSteady([X, Chosen], [Infer.Vector("zero", 0), Infer.Vector("one", 1)], nodes));
    }

    private static GraphProto Body(params NodeProto[] nodes) => Infer.Graph([], [], nodes);

    private static bool IsSteady(ValueInfoProto[] inputs, TensorProto[] initializers, params NodeProto[] nodes) =>
        SteadyShapes.Of(Infer.Facts(17, inputs, initializers, nodes)).Contains(nodes.Last().Output[0]);
}
