using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;
using Google.Protobuf;

namespace Cleave.Tool.Quantizing.Forms;

/// <summary>Weights in 8 bits: each is its value times the scale of its channel.</summary>
internal sealed record RoundedWeights(sbyte[] Values, float[] Scales);

/// <summary>The same for a message.</summary>
internal sealed record KeptWeights(ByteString Values, float[] Scales);

/// <summary>Rounds weights, symmetrically around zero, with a scale for each output channel. What was rounded once is kept.</summary>
/// <param name="bits">Of a weight; 7 leave room for two products in 16 bits.</param>
/// <param name="file">Where what was rounded is kept; null: in memory.</param>
internal sealed class WeightRounding(int bits, WeightFile? file = null)
{
    // A bias is whole steps, and products are added to it: half of what 32 bits hold is left for these.
    private const double MostSteps = 1 << 30;

    // By weight, axis of the channels, whether the axes are exchanged, and the bias and scale that steps had to be raised for.
    private readonly Dictionary<(string Weight, int Axis, bool Turned, string? Bias, float Input), KeptWeights> _kept = [];

    /// <summary>Where it is kept; null: in memory.</summary>
    public WeightFile? File => file;

    /// <summary>The weights in their own layout.</summary>
    public KeptWeights Of(TensorProto weight, int axis) => Kept(weight, axis, turned: false, static (r, values, dims, channels) => r.Round(values, dims, channels));

    /// <summary>
    /// The same for an operator that adds a bias in 32 bits, whose step is that of the channel's weights times that of the input: where the weights are next to nothing (a dead channel), their step is
    /// raised until the bias fits.
    /// </summary>
    /// <param name="weight">The weights.</param>
    /// <param name="axis">That of the channels.</param>
    /// <param name="bias">One value for each channel.</param>
    /// <param name="input">The step of the input.</param>
    public KeptWeights Of(TensorProto weight, int axis, TensorProto bias, float input)
    {
        float[] least = Array.ConvertAll(FloatTensors.Read(bias), b => (float)(Math.Abs(b) / MostSteps / input));
        KeptWeights usual = Of(weight, axis);
        // One may be a channel of zeros.
        bool fits = least.Zip(usual.Scales, static (l, s) => l == 0 || (l <= s && s != 1)).All(static f => f);
        return fits ? usual : Kept(weight, axis, turned: false, (r, values, dims, channels) => r.Round(values, dims, channels, least), bias.Name, input);
    }

    /// <summary>A matrix with its axes exchanged.</summary>
    public KeptWeights Turned(TensorProto weight, int axis) => Kept(weight, axis, turned: true, static (r, values, dims, channels) =>
    {
        RoundedWeights rounded = r.Round(values, dims, channels);
        return rounded with { Values = Transposed(rounded.Values, (int)dims[0], (int)dims[1]) };
    });

    /// <summary>Weights of a recurrent operator, [directions, units, size], with a scale for each unit, as [directions, size, units].</summary>
    public KeptWeights OfUnits(TensorProto weight) => Kept(weight, 1, turned: true, static (r, values, dims, _) =>
    {
        int directions = (int)dims[0], units = (int)dims[1], size = (int)dims[2], each = units * size;
        RoundedWeights rounded = r.Round(values, [directions * units, size], 0);
        return rounded with { Values = [.. Enumerable.Range(0, directions).SelectMany(d => Transposed(rounded.Values[(d * each)..((d + 1) * each)], units, size))] };
    });

    /// <param name="weights">The values.</param>
    /// <param name="dims">Their shape.</param>
    /// <param name="axis">That of the channels.</param>
    /// <param name="least">The least scale of each channel; null: any.</param>
    public RoundedWeights Round(ReadOnlySpan<float> weights, long[] dims, int axis, float[]? least = null)
    {
        int channels = (int)dims[axis], inner = (int)dims.Skip(axis + 1).Aggregate(1L, (a, b) => a * b);
        float largest = (1 << (bits - 1)) - 1;
        float[] scales = new float[channels];
        for (int i = 0; i < weights.Length; i++)
            scales[i / inner % channels] = Math.Max(scales[i / inner % channels], Math.Abs(weights[i]));
        // A channel of zeros has any scale.
        for (int c = 0; c < channels; c++)
            scales[c] = Math.Max(scales[c] / largest, least?[c] ?? 0) is > 0 and float scale ? scale : 1;
        sbyte[] values = new sbyte[weights.Length];
        for (int i = 0; i < weights.Length; i++)
            values[i] = (sbyte)Math.Clamp(MathF.Round(weights[i] / scales[i / inner % channels]), -largest, largest);
        return new RoundedWeights(values, scales);
    }

    private delegate RoundedWeights Rounding(WeightRounding self, ReadOnlySpan<float> weights, long[] dims, int axis);

    private KeptWeights Kept(TensorProto weight, int axis, bool turned, Rounding round, string? bias = null, float input = 0)
    {
        if (!_kept.TryGetValue((weight.Name, axis, turned, bias, input), out KeptWeights? kept))
        {
            RoundedWeights rounded = round(this, FloatTensors.Span(weight), [.. weight.Dims], axis);
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(rounded.Values.AsSpan());
            _kept.Add((weight.Name, axis, turned, bias, input), kept = new KeptWeights(file is null ? ByteString.CopyFrom(bytes) : file.Keep(bytes), rounded.Scales));
        }
        return kept;
    }

    private static sbyte[] Transposed(sbyte[] values, int rows, int columns)
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
