using System;
using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>A residual network in eight bits: every value between operators goes through QuantizeLinear and DequantizeLinear.</summary>
internal sealed class QuantisedCnn(int channels, int side)
{
    private readonly ModelBuilder _g = new("qdq_cnn");

    public ModelProto Build()
    {
        string image = _g.Input("input", "batch", 3, side, side);
        Quantisation q = new(2f / 255, 128);
        Feature x = new(_g.Rounded(image, q), 3);
        (x, q) = (ConvRelu("stem", x, q, Window.Same(3, 2)), Quantisation.Positive);
        for (int i = 0; i < 3; i++)
        {
            using IDisposable inside = _g.In($"blocks.{i}");
            Feature y = ConvRelu("conv1", x, q, Window.Same(3));
            y = y with { Value = _g.Rounded(Conv("conv2", y, Quantisation.Positive, Window.Same(3), gain: 0.5f), Quantisation.Centered) };
            string sum = _g.Node("Relu", [_g.Node("Add", [y.Value, x.Value])]);
            x = x with { Value = _g.Rounded(sum, q) };
        }
        string pooled = _g.Rounded(_g.Node("GlobalAveragePool", [x.Value]), q);
        string flat = _g.Rounded(_g.Node("Flatten", [pooled], Attributes.Int("axis", 1)), q);
        _g.Output("y", _g.Rounded(Head(flat, q), Quantisation.Centered), "batch", 10);
        return _g.ToModel();
    }

    private Feature ConvRelu(string module, Feature x, Quantisation q, Window window)
    {
        string y = _g.Node("Relu", [Conv(module, x, q, window, gain: 2)]);
        return new Feature(_g.Rounded(y, Quantisation.Positive), channels);
    }

    private string Conv(string module, Feature x, Quantisation q, Window window, float gain)
    {
        using IDisposable inside = _g.In(module);
        long[] dims = [channels, x.Channels, window.Height, window.Width];
        float[] values = _g.DrawWeight("weight", x.Channels * window.Height * window.Width, gain, dims);
        (string weight, float[] scales) = _g.Dequantised(_g.Path("weight"), values, dims, axis: 0);
        return _g.Node("Conv", [x.Value, weight, Bias(q, scales)],
            Attributes.Ints("kernel_shape", window.Height, window.Width),
            Attributes.Ints("pads", window.PadHeight, window.PadWidth, window.PadHeight, window.PadWidth),
            Attributes.Ints("strides", window.Stride, window.Stride));
    }

    private string Head(string x, Quantisation q)
    {
        using IDisposable inside = _g.In("head");
        (string weight, float[] scales) = _g.Dequantised(_g.Path("weight"), _g.DrawWeight("weight", channels, 1, 10, channels), [10, channels], axis: 0);
        return _g.Node("Gemm", [x, weight, Bias(q, scales)], Attributes.Int("transB", 1));
    }

    private string Bias(Quantisation q, float[] scales) =>
        _g.DequantisedBias(_g.Path("bias"), _g.DrawWeight("bias", 1, 0.01f, scales.Length), q.Scale, scales);
}
