using System;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>Small convolutional networks.</summary>
internal static class Convolutional
{
    /// <summary>Two images through the same weights; how alike they are.</summary>
    public static ModelProto Siamese()
    {
        ModelBuilder g = new("siamese");
        string left = Embed(g, g.Input("left", "batch", 3, 64, 64));
        string right = Embed(g, g.Input("right", "batch", 3, 64, 64));
        string difference = g.Node("Abs", [g.Node("Sub", [left, right])]);
        g.Output("same", g.Node("Sigmoid", [g.Gemm(difference, "head", 128, 1, gain: 8)]), "batch", 1);
        return g.ToModel();
    }

    /// <summary>
    /// Residual blocks without normalisation: Conv, Add and Relu become one operator in ONNX Runtime with all optimisations; a
    /// cut through them loses it.
    /// </summary>
    public static ModelProto Residual(int blocks, int channels, int side)
    {
        ModelBuilder g = new("residual");
        Feature x = new(g.Input("input", "batch", 3, side, side), 3);
        using (g.In("stem"))
            x = g.Relu(g.Conv(x, channels, Window.Same(3)));
        for (int i = 0; i < blocks; i++)
        {
            using IDisposable inside = g.In($"blocks.{i}");
            Feature y;
            using (g.In("conv1"))
                y = g.Relu(g.Conv(x, channels, Window.Same(3)));
            using (g.In("conv2"))
                y = g.Conv(y, channels, Window.Same(3), gain: 0.5f);
            x = g.Relu(x with { Value = g.Node("Add", [y.Value, x.Value]) });
        }
        g.Output("y", g.Gemm(g.PoolToVector(x), "head", channels, 10), "batch", 10);
        return g.ToModel();
    }

    private static string Embed(ModelBuilder g, string image)
    {
        using IDisposable inside = g.In("backbone");
        Feature x = new(image, 3);
        for (int i = 0; i < 4; i++)
            x = g.ConvBnRelu(x, $"layers.{i}", 16 << i, Window.Same(3, i == 0 ? 1 : 2));
        return g.Gemm(g.PoolToVector(x), "embedding", x.Channels, 128);
    }
}
