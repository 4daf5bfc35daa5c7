using System.Collections.Generic;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Cleave;

/// <summary>An input of a request that is about to be recorded (<see cref="RecordingOptions.Redact"/>): a copy, whose elements may be changed.</summary>
public sealed class RecordedTensor
{
    internal RecordedTensor(string name, TensorElementType type, int[] shape, byte[] bytes, string[]? texts)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Bytes = bytes;
        Texts = texts;
    }

    /// <summary>The model's name for it.</summary>
    public string Name { get; }

    /// <summary>What its elements are.</summary>
    public TensorElementType Type { get; }

    /// <summary>Its dimensions.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The elements as they lie in memory; empty where they are texts.</summary>
    public byte[] Bytes { get; }

    /// <summary>The elements where they are texts; else null.</summary>
    public string[]? Texts { get; }
}
