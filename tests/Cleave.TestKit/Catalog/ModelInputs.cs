using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.TestKit.Generation;
using Cleave.TestKit.Synthetic;

namespace Cleave.TestKit.Catalog;

/// <summary>Random values, seeded, for a model's inputs.</summary>
public static class ModelInputs
{
    private static readonly InputRange Unit = new(-1, 1);
    private static readonly InputRange One = new(1, 1);

    /// <summary>Values for each input of a model's file, as the catalog says what they are.</summary>
    public static IReadOnlyDictionary<string, TensorData> Random(CatalogModel model, string path, DimSample sample, ulong seed) =>
        Random(path, sample, seed, model.Ranges);

    /// <summary>Values for each input of the model at <paramref name="path"/> that has no initializer.</summary>
    public static IReadOnlyDictionary<string, TensorData> Random(
        string path, DimSample sample, ulong seed, IReadOnlyDictionary<string, InputRange>? ranges = null)
    {
        OnnxGraph graph;
        using (ByteSource file = ByteSource.OpenFile(path))
            graph = ModelReader.Read(file, CancellationToken.None).Graph;
        HashSet<string> initializers = [.. graph.Initializers.Select(i => i.Name)];
        return graph.Inputs.Where(i => !initializers.Contains(i.Name)).ToDictionary(i => i.Name, i =>
        {
            InputRange? range = ranges != null && ranges.TryGetValue(i.Name, out InputRange given) ? given : null;
            return Values(i, sample, range, SeededNoise.For(seed, i.Name));
        }, StringComparer.Ordinal);
    }

    private static TensorData Values(ValueInfo input, DimSample sample, InputRange? range, SeededNoise noise)
    {
        if (input.Type is not OnnxType.Tensor { Shape: { } dims } type)
            throw new NotSupportedException($"{input.Name} is not a tensor of known rank");
        int[] shape = [.. dims.Select((d, axis) => (int)(d.Value ?? sample.Size(input.Name, axis, d.Name)))];
        InputRange floats = range ?? Unit, integers = range ?? One;
        Array data = type.Element switch
        {
            ElementType.Float => Fill(shape, () => noise.Uniform((float)floats.Low, (float)floats.High)),
            ElementType.Double => Fill(shape, () => (double)noise.Uniform((float)floats.Low, (float)floats.High)),
            ElementType.Float16 => Fill(shape, () => (Half)noise.Uniform((float)floats.Low, (float)floats.High)),
            ElementType.Int64 => Fill(shape, () => Integer(noise, integers)),
            ElementType.Int32 => Fill(shape, () => (int)Integer(noise, integers)),
            ElementType.UInt8 => Fill(shape, () => (byte)Integer(noise, integers)),
            ElementType.Int8 => Fill(shape, () => (sbyte)Integer(noise, integers)),
            ElementType.Bool => Fill(shape, () => noise.Below(2) == 1),
            _ => throw new NotSupportedException($"{input.Name} holds {type.Element.Word()}"),
        };
        return new TensorData(data, shape);
    }

    private static long Integer(SeededNoise noise, InputRange range) =>
        (long)range.Low + (long)(noise.Next() % (ulong)((long)range.High - (long)range.Low + 1));

    private static T[] Fill<T>(int[] shape, Func<T> next)
    {
        T[] values = new T[shape.Aggregate(1, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = next();
        return values;
    }
}
