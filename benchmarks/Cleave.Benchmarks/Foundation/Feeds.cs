using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.TestKit.Generation;
using Microsoft.ML.OnnxRuntime;

namespace Cleave.Benchmarks.Foundation;

/// <summary>The same input for every candidate: seeded random numbers for a model whose inputs are floats.</summary>
internal static class Feeds
{
    /// <summary>Dimensions that the model leaves open are 1.</summary>
    public static IReadOnlyDictionary<string, TensorData> For(InferenceSession session)
    {
        Random random = new(7);
        return session.InputMetadata.ToDictionary(i => i.Key, i => Tensor(i.Key, i.Value, random), StringComparer.Ordinal);
    }

    public static IReadOnlyDictionary<string, TensorData> For(string path)
    {
        using InferenceSession session = new(path);
        return For(session);
    }

    /// <summary>The sizes of a shape, 1 where the model leaves it open.</summary>
    public static int[] Shape(NodeMetadata metadata) => [.. metadata.Dimensions.Select(d => Math.Max(d, 1))];

    private static TensorData Tensor(string name, NodeMetadata metadata, Random random)
    {
        if (metadata.ElementType != typeof(float))
            throw new InvalidDataException($"The input {name} is not of floats.");
        int[] shape = Shape(metadata);
        float[] data = [.. Enumerable.Range(0, shape.Aggregate(1, (a, b) => a * b)).Select(_ => random.NextSingle())];
        return new TensorData(data, shape);
    }
}
