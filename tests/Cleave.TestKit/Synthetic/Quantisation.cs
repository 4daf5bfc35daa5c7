using System;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.TestKit.Synthetic;

/// <summary>How an activation is written as uint8: value = scale · (number - zero).</summary>
internal readonly record struct Quantisation(float Scale, byte Zero)
{
    /// <summary>-4 to 4: what a normalised value or a product of such values holds.</summary>
    public static readonly Quantisation Centered = new(8f / 255, 128);

    /// <summary>0 to 6: after a Relu.</summary>
    public static readonly Quantisation Positive = new(6f / 255, 0);

    /// <summary>-0.2 to 5: after a GELU.</summary>
    public static readonly Quantisation Gelu = new(5.2f / 255, 10);

    /// <summary>0 to 1: probabilities.</summary>
    public static readonly Quantisation Unit = new(1f / 255, 0);
}

/// <summary>Quantised values as ONNX Runtime's own quantiser writes them.</summary>
internal static class QuantisedValues
{
    /// <summary>QuantizeLinear and DequantizeLinear: the value as eight bits hold it.</summary>
    public static string Rounded(this ModelBuilder g, string x, Quantisation q)
    {
        string scale = g.Initializer(x + "_scale", Tensors.Of(ElementType.Float, [], q.Scale));
        string zero = g.Initializer(x + "_zero_point", Tensors.Of(ElementType.UInt8, [], q.Zero));
        return g.Node("DequantizeLinear", [g.Node("QuantizeLinear", [x, scale, zero]), scale, zero]);
    }

    /// <summary>Adds a weight as int8 with a scale and a zero point for each channel along an axis.</summary>
    public static (string Weight, string Scale, string Zero, float[] Scales) Int8Weight(this ModelBuilder g, string name, float[] values, long[] dims, int axis)
    {
        long inner = Tensors.Count(dims[(axis + 1)..]), channels = dims[axis];
        float[] scales = new float[channels];
        for (long i = 0; i < values.Length; i++)
        {
            long channel = i / inner % channels;
            scales[channel] = Math.Max(scales[channel], Math.Abs(values[i]) / 127);
        }
        sbyte[] rounded = new sbyte[values.Length];
        for (long i = 0; i < values.Length; i++)
            rounded[i] = (sbyte)MathF.Round(values[i] / scales[i / inner % channels]);
        return (
            g.Initializer(name + "_quantized", Tensors.Of(ElementType.Int8, dims, rounded)),
            g.Initializer(name + "_scale", Tensors.Of(ElementType.Float, [channels], scales)),
            g.Initializer(name + "_zero_point", Tensors.Of(ElementType.Int8, [channels], new sbyte[channels])),
            scales);
    }

    /// <summary>A weight as int8 and the DequantizeLinear behind it.</summary>
    public static (string Value, float[] Scales) Dequantised(this ModelBuilder g, string name, float[] values, long[] dims, int axis)
    {
        (string weight, string scale, string zero, float[] scales) = g.Int8Weight(name, values, dims, axis);
        return (g.Node("DequantizeLinear", [weight, scale, zero], Attributes.Int("axis", axis)), scales);
    }

    /// <summary>A bias as int32, in steps of the input's scale times the weight's.</summary>
    public static string DequantisedBias(this ModelBuilder g, string name, float[] values, float inputScale, float[] weightScales)
    {
        float[] scales = [.. weightScales.Select(s => s * inputScale)];
        int[] rounded = [.. values.Select((v, i) => (int)MathF.Round(v / scales[i]))];
        string bias = g.Initializer(name + "_quantized", Tensors.Of(ElementType.Int32, [values.Length], rounded));
        string scale = g.Initializer(name + "_scale", Tensors.Of(ElementType.Float, [values.Length], scales));
        string zero = g.Initializer(name + "_zero_point", Tensors.Of(ElementType.Int32, [values.Length], new int[values.Length]));
        return g.Node("DequantizeLinear", [bias, scale, zero], Attributes.Int("axis", 0));
    }
}
