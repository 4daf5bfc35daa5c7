using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.OnnxProto;
using Cleave.Tool.Rewriting;
using Google.Protobuf;

namespace Cleave.Tool.Quantizing;

/// <summary>Weights in 8 bits: each is its value times the scale of its channel.</summary>
internal sealed record RoundedWeights(sbyte[] Values, float[] Scales);

/// <summary>The same for a message.</summary>
internal sealed record KeptWeights(ByteString Values, float[] Scales);

/// <summary>Rounds weights, symmetrically around zero, with a scale for each output channel. What was rounded once is kept.</summary>
/// <param name="bits">Of a weight; 7 leave room for two products in 16 bits.</param>
/// <param name="file">Where what was rounded is kept; null: in memory.</param>
internal sealed class WeightRounding(int bits, WeightFile? file = null)
{
    // By weight, axis of the channels, and whether the axes are exchanged.
    private readonly Dictionary<(string Weight, int Axis, bool Turned), KeptWeights> _kept = [];

    /// <summary>Where it is kept; null: in memory.</summary>
    public WeightFile? File => file;

    /// <summary>The weights in their own layout.</summary>
    public KeptWeights Of(TensorProto weight, int axis) => Kept(weight, axis, turned: false, Round);

    /// <summary>A matrix with its axes exchanged.</summary>
    public KeptWeights Turned(TensorProto weight, int axis) => Kept(weight, axis, turned: true, (values, dims, channels) =>
    {
        RoundedWeights rounded = Round(values, dims, channels);
        return rounded with { Values = Transposed(rounded.Values, (int)dims[0], (int)dims[1]) };
    });

    /// <summary>Weights of a recurrent operator, [directions, units, size], with a scale for each unit, as [directions, size, units].</summary>
    public KeptWeights OfUnits(TensorProto weight) => Kept(weight, 1, turned: true, (values, dims, _) =>
    {
        int directions = (int)dims[0], units = (int)dims[1], size = (int)dims[2], each = units * size;
        RoundedWeights rounded = Round(values, [directions * units, size], 0);
        return rounded with { Values = [.. Enumerable.Range(0, directions).SelectMany(d => Transposed(rounded.Values[(d * each)..((d + 1) * each)], units, size))] };
    });

    public RoundedWeights Round(ReadOnlySpan<float> weights, long[] dims, int axis)
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

    private delegate RoundedWeights Rounding(ReadOnlySpan<float> weights, long[] dims, int axis);

    private KeptWeights Kept(TensorProto weight, int axis, bool turned, Rounding round)
    {
        if (!_kept.TryGetValue((weight.Name, axis, turned), out KeptWeights? kept))
        {
            RoundedWeights rounded = round(FloatTensors.Span(weight), [.. weight.Dims], axis);
            ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(rounded.Values.AsSpan());
            _kept.Add((weight.Name, axis, turned), kept = new KeptWeights(file is null ? ByteString.CopyFrom(bytes) : file.Keep(bytes), rounded.Scales));
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
