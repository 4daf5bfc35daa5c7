using Cleave.Core.Graph;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>Models whose first input has a dimension "batch" and whose samples do, or do not, stay apart along it.</summary>
internal static class BatchAxis
{
    private const int Width = 64;

    /// <summary>Apart.</summary>
    public static ModelProto Perceptron()
    {
        ModelBuilder g = new("perceptron");
        string x = g.GemmRelu(g.Input("x", "batch", Width), "first", Width, Width);
        g.Output("y", g.Node("Softmax", [g.Gemm(x, "second", Width, 10)], Attributes.Int("axis", -1)), "batch", 10);
        return g.ToModel();
    }

    /// <summary>Apart, though a shape chain takes the batch off and puts it on again.</summary>
    public static ModelProto RoundTrip()
    {
        ModelBuilder g = new("reshape_round_trip");
        string x = g.Input("x", "batch", 8, 16);
        string rows = g.Node("Reshape", [x, g.Int64s(-1, 16)]);
        string back = g.Node("Reshape", [g.GemmRelu(rows, "layer", 16, 16), g.ShapeOf(g.SizeOf(x, 0), g.Int64(8), g.Int64(16))]);
        g.Output("y", back, "batch", 8, 16);
        return g.ToModel();
    }

    /// <summary>Each sample against each: [batch, batch].</summary>
    public static ModelProto Similarity()
    {
        ModelBuilder g = new("similarity");
        string x = g.Gemm(g.Input("x", "batch", Width), "embed", Width, Width);
        g.Output("y", g.Node("MatMul", [x, g.Transpose(x, 1, 0)]), "batch", "batch");
        return g.ToModel();
    }

    /// <summary>One scale for the whole tensor: a sample's result depends on its neighbours.</summary>
    public static ModelProto DynamicQuantisation()
    {
        ModelBuilder g = new("dynamic_quantisation");
        string x = g.Input("x", "batch", Width);
        using (g.In("layer"))
            x = new DynamicProducts().Weighted(g, x, Quantisation.Centered, Width, Width);
        g.Output("y", x, "batch", Width);
        return g.ToModel();
    }

    /// <summary>The mean of all samples is taken off.</summary>
    public static ModelProto Centering()
    {
        ModelBuilder g = new("centering");
        string x = g.Input("x", "batch", Width);
        string mean = g.Node("ReduceMean", [x], Attributes.Ints("axes", 0), Attributes.Int("keepdims", 1));
        g.Output("y", g.Gemm(g.Node("Sub", [x, mean]), "layer", Width, Width), "batch", Width);
        return g.ToModel();
    }

    /// <summary>Shares that sum to one over the samples.</summary>
    public static ModelProto SoftmaxOverBatch()
    {
        ModelBuilder g = new("softmax_over_batch");
        string x = g.Gemm(g.Input("x", "batch", Width), "layer", Width, Width);
        g.Output("y", g.Node("Softmax", [x], Attributes.Int("axis", 0)), "batch", Width);
        return g.ToModel();
    }

    /// <summary>The shape comes back, the samples do not: rows are mixed on the way.</summary>
    public static ModelProto MixedRows()
    {
        ModelBuilder g = new("mixed_rows");
        string x = g.Input("x", "batch", Width);
        string turned = g.Transpose(g.Gemm(x, "layer", Width, Width), 1, 0);
        g.Output("y", g.Node("Reshape", [turned, g.Int64s(-1, Width)]), "batch", Width);
        return g.ToModel();
    }

    /// <summary>Each sample is multiplied by a weight of its place in the batch.</summary>
    public static ModelProto PlaceInBatch()
    {
        ModelBuilder g = new("place_in_batch");
        string x = g.Input("x", "batch", Width);
        string places = g.Node("Range", [g.Int64(0), g.SizeOf(x, 0), g.Int64(1)]);
        string column = g.Node("Unsqueeze", [g.Node("Cast", [places], Attributes.Int("to", (int)ElementType.Float)), g.Int64s(1)]);
        g.Output("y", g.Node("Add", [g.Gemm(x, "layer", Width, Width), column]), "batch", Width);
        return g.ToModel();
    }
}
