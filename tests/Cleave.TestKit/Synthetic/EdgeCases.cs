using Cleave.Core.Graph;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>The smallest models that planners trip over.</summary>
internal static class EdgeCases
{
    private const int Width = 64;

    /// <summary>Nothing can run side by side.</summary>
    public static ModelProto Chain(int layers)
    {
        ModelBuilder g = new("chain");
        string x = g.Input("x", "batch", Width);
        for (int i = 0; i < layers; i++)
            x = g.GemmRelu(x, $"layers.{i}", Width, Width);
        g.Output("y", x, "batch", Width);
        return g.ToModel();
    }

    public static ModelProto OneNode()
    {
        ModelBuilder g = new("one_node");
        g.Output("y", g.Node("Relu", [g.Input("x", "batch", Width)]), "batch", Width);
        return g.ToModel();
    }

    /// <summary>No input: everything can be computed before the first run.</summary>
    public static ModelProto OnlyConstants()
    {
        ModelBuilder g = new("only_constants");
        string constant = g.Constant(Tensors.Floats(ElementType.Float, [2, 2], [1, -2, 3, -4]));
        string y = g.Node("Relu", [g.Node("MatMul", [constant, g.Uniform("weight", -1, 1, 2, 3)])]);
        g.Output("y", y, 2, 3);
        return g.ToModel();
    }

    /// <summary>A value that the caller and the next layer both read.</summary>
    public static ModelProto IntermediateOutput()
    {
        ModelBuilder g = new("intermediate_output");
        string middle = g.GemmRelu(g.Input("x", "batch", Width), "first", Width, Width);
        g.Output("middle", middle, "batch", Width);
        g.Output("y", g.GemmRelu("middle", "second", Width, Width), "batch", Width);
        return g.ToModel();
    }

    /// <summary>One of the outputs is an input, untouched.</summary>
    public static ModelProto PassedThrough()
    {
        ModelBuilder g = new("passed_through");
        string x = g.Input("x", "batch", Width);
        g.Output("x", x, "batch", Width);
        g.Output("y", g.GemmRelu(x, "layer", Width, Width), "batch", Width);
        return g.ToModel();
    }

    /// <summary>All integers; results must be equal to the last bit.</summary>
    public static ModelProto Integers()
    {
        ModelBuilder g = new("integers");
        string x = g.Input("x", ElementType.Int64, "batch", 16);
        string left = g.Node("Mul", [x, g.Int64s(3)]);
        string right = g.Node("Add", [x, g.Initializer("offsets", Tensors.Int64s([16], 9, 1, 7, 3, 5, 2, 8, 4, 6, 11, 15, 12, 10, 14, 13, 16))]);
        string sum = g.Node("Sub", [g.Node("Mul", [left, right]), g.Node("Abs", [g.Node("Neg", [left])])]);
        g.Output("y", g.Node("Mod", [sum, g.Int64s(101)]), ElementType.Int64, "batch", 16);
        return g.ToModel();
    }
}
