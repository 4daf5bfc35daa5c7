using System;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>The window of a convolution or a pooling.</summary>
internal readonly record struct Window(int Height, int Width, int Stride = 1, int PadHeight = 0, int PadWidth = 0)
{
    /// <summary>Square and odd, padded so that stride 1 keeps the size.</summary>
    public static Window Same(int side, int stride = 1) => new(side, side, stride, side / 2, side / 2);
}

/// <summary>A value [batch, channels, height, width].</summary>
internal readonly record struct Feature(string Value, int Channels);

/// <summary>Layers as PyTorch exports them.</summary>
internal static class Layers
{
    public static Feature Conv(this ModelBuilder g, Feature x, int channels, Window window, int groups = 1, bool bias = true, float gain = 2)
    {
        int inGroup = x.Channels / groups;
        string weight = g.Weight("weight", inGroup * window.Height * window.Width, gain, channels, inGroup, window.Height, window.Width);
        string[] inputs = bias ? [x.Value, weight, g.Uniform("bias", -0.1f, 0.1f, channels)] : [x.Value, weight];
        string y = g.Node("Conv", inputs,
            Attributes.Ints("dilations", 1, 1),
            Attributes.Int("group", groups),
            Attributes.Ints("kernel_shape", window.Height, window.Width),
            Pads(window),
            Strides(window));
        return new Feature(y, channels);
    }

    /// <summary>With statistics near 0 and 1, so that it changes the range little.</summary>
    public static Feature BatchNorm(this ModelBuilder g, Feature x, float epsilon = 1e-5f)
    {
        long n = x.Channels;
        string y = g.Node("BatchNormalization",
            [x.Value, g.Uniform("weight", 0.8f, 1.2f, n), g.Uniform("bias", -0.1f, 0.1f, n), g.Uniform("running_mean", -0.1f, 0.1f, n), g.Uniform("running_var", 0.6f, 1.4f, n)],
            Attributes.Float("epsilon", epsilon));
        return x with { Value = y };
    }

    public static Feature Relu(this ModelBuilder g, Feature x) => x with { Value = g.Node("Relu", [x.Value]) };

    public static Feature ConvBnRelu(this ModelBuilder g, Feature x, string module, int channels, Window window, float epsilon = 1e-5f)
    {
        using IDisposable inside = g.In(module);
        Feature y;
        using (g.In("conv"))
            y = g.Conv(x, channels, window, bias: false);
        using (g.In("bn"))
            y = g.BatchNorm(y, epsilon);
        return g.Relu(y);
    }

    public static Feature MaxPool(this ModelBuilder g, Feature x, Window window) => x with
    {
        Value = g.Node("MaxPool", [x.Value], Attributes.Ints("kernel_shape", window.Height, window.Width), Pads(window), Strides(window)),
    };

    public static Feature AveragePool(this ModelBuilder g, Feature x, Window window, bool countPadding = true) => x with
    {
        Value = g.Node("AveragePool", [x.Value],
            Attributes.Int("count_include_pad", countPadding ? 1 : 0),
            Attributes.Ints("kernel_shape", window.Height, window.Width),
            Pads(window),
            Strides(window)),
    };

    public static Feature Concat(this ModelBuilder g, params Feature[] parts) =>
        new(g.Node("Concat", Array.ConvertAll(parts, p => p.Value), Attributes.Int("axis", 1)), Sum(parts));

    /// <summary>[batch, channels, …] to [batch, channels].</summary>
    public static string PoolToVector(this ModelBuilder g, Feature x) =>
        g.Node("Flatten", [g.Node("GlobalAveragePool", [x.Value])], Attributes.Int("axis", 1));

    /// <summary>A layer on rows, as one node.</summary>
    public static string Gemm(this ModelBuilder g, string x, string module, int inputs, int outputs, float gain = 1)
    {
        using IDisposable inside = g.In(module);
        return g.Node("Gemm", [x, g.Weight("weight", inputs, gain, outputs, inputs), g.Uniform("bias", -0.1f, 0.1f, outputs)], Attributes.Int("transB", 1));
    }

    public static string GemmRelu(this ModelBuilder g, string x, string module, int inputs, int outputs) =>
        g.Node("Relu", [g.Gemm(x, module, inputs, outputs, gain: 2)]);

    /// <summary>One size of a value's shape, of rank 0.</summary>
    public static string SizeOf(this ModelBuilder g, string x, long axis) =>
        g.Node("Gather", [g.Node("Shape", [x]), g.Int64(axis)], Attributes.Int("axis", 0));

    /// <summary>Sizes of rank 0 joined to a shape.</summary>
    public static string ShapeOf(this ModelBuilder g, params string[] sizes) =>
        g.Node("Concat", Array.ConvertAll(sizes, s => g.Node("Unsqueeze", [s, g.Int64s(0)])), Attributes.Int("axis", 0));

    public static string Transpose(this ModelBuilder g, string x, params long[] order) => g.Node("Transpose", [x], Attributes.Ints("perm", order));

    private static AttributeProto Pads(Window w) =>
        Attributes.Ints("pads", w.PadHeight, w.PadWidth, w.PadHeight, w.PadWidth);

    private static AttributeProto Strides(Window w) => Attributes.Ints("strides", w.Stride, w.Stride);

    private static int Sum(Feature[] parts)
    {
        int channels = 0;
        foreach (Feature part in parts)
            channels += part.Channels;
        return channels;
    }
}
