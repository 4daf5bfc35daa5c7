using System;
using System.ComponentModel;

namespace Cleave.Generated;

/// <summary>
/// The dimension along which a model keeps samples apart: requests that are equal in all others may run together. Made by generated code where that is
/// proven; immutable.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class BatchAxis
{
    /// <summary>Describes it.</summary>
    /// <param name="dimension">The dimension's name.</param>
    /// <param name="inputs">Its axis in each input.</param>
    /// <param name="outputs">Its axis in each output.</param>
    /// <param name="gains">What batches are predicted to gain, by rising elements.</param>
    public BatchAxis(string dimension, int[] inputs, int[] outputs, params BatchGain[] gains)
    {
        ArgumentNullException.ThrowIfNull(dimension);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(gains);
        Dimension = dimension;
        Inputs = inputs;
        Outputs = outputs;
        Gains = gains;
    }

    internal string Dimension { get; }

    internal int[] Inputs { get; }

    internal int[] Outputs { get; }

    internal BatchGain[] Gains { get; }
}

/// <summary>What batches of samples of up to so many elements are predicted to gain. Made by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct BatchGain
{
    /// <summary>Describes it.</summary>
    /// <param name="elements">Elements of all inputs of one sample.</param>
    /// <param name="size">The samples of a batch, beyond which nothing more is gained.</param>
    /// <param name="gain">How many times as many samples go through in batches of that size as one by one.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is below 1.</exception>
    public BatchGain(long elements, int size, double gain)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        Elements = elements;
        Size = size;
        Gain = gain;
    }

    internal long Elements { get; }

    internal int Size { get; }

    internal double Gain { get; }
}
