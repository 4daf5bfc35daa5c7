using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;

namespace Cleave.Tool.Quantizing;

/// <summary>Weights in 8 bits: each is its value times the scale of its channel.</summary>
internal sealed record RoundedWeights(sbyte[] Values, float[] Scales);

/// <summary>Rounds weights, symmetrically around zero, with a scale for each output channel. What was rounded once is kept.</summary>
/// <param name="bits">Of a weight; 7 leave room for two products in 16 bits.</param>
internal sealed class WeightRounding(int bits)
{
    private readonly Dictionary<(string Weight, int Axis), RoundedWeights> _rounded = [];

    public RoundedWeights Of(TensorProto weight, int axis)
    {
        if (!_rounded.TryGetValue((weight.Name, axis), out RoundedWeights? rounded))
            _rounded.Add((weight.Name, axis), rounded = Round(FloatTensors.Read(weight), [.. weight.Dims], axis));
        return rounded;
    }

    public RoundedWeights Round(float[] weights, long[] dims, int axis)
    {
        int channels = (int)dims[axis], inner = (int)dims.Skip(axis + 1).Aggregate(1L, (a, b) => a * b);
        float largest = (1 << (bits - 1)) - 1;
        float[] scales = new float[channels];
        for (int i = 0; i < weights.Length; i++)
            scales[i / inner % channels] = Math.Max(scales[i / inner % channels], Math.Abs(weights[i]));
        // A channel of zeros has any scale.
        for (int c = 0; c < channels; c++)
            scales[c] = scales[c] / largest is > 0 and float scale ? scale : 1;
        sbyte[] values = new sbyte[weights.Length];
        for (int i = 0; i < weights.Length; i++)
            values[i] = (sbyte)Math.Clamp(MathF.Round(weights[i] / scales[i / inner % channels]), -largest, largest);
        return new RoundedWeights(values, scales);
    }

    /// <summary>A matrix with its axes exchanged.</summary>
    public static sbyte[] Transposed(sbyte[] values, int rows, int columns)
    {
        sbyte[] result = new sbyte[values.Length];
        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
                result[(c * rows) + r] = values[(r * columns) + c];
        }
        return result;
    }
}
