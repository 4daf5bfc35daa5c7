using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;

namespace Cleave.TestKit.Catalog;

/// <summary>
/// Gives the ONNX project's light models random weights: theirs are all one constant (made by ConstantOfShape), so a swapped
/// branch could go unseen.
/// </summary>
internal static class RandomWeights
{
    /// <summary>Writes the model at <paramref name="source"/> with random weights, seeded, to <paramref name="target"/>.</summary>
    public static void Write(string source, Stream target, ulong seed)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(source));
        Dictionary<string, TensorProto> shapes = model.Graph.Initializer
            .Where(i => i.DataType == (int)ElementType.Int64).ToDictionary(i => i.Name, StringComparer.Ordinal);
        HashSet<string> statistics = StatisticsOf(model.Graph);
        NodeProto[] constants = [.. model.Graph.Node.Where(n => n.OpType == "ConstantOfShape")];
        if (constants.Length == 0)
            throw new InvalidDataException(source + " has no ConstantOfShape");
        foreach (NodeProto node in constants)
        {
            string name = node.Output[0];
            long[] dims = Dims(shapes[node.Input[0]]);
            model.Graph.Node.Remove(node);
            model.Graph.Initializer.Add(Tensor(name, dims, SeededNoise.For(seed, name), positive: statistics.Contains(name)));
            if (model.IrVersion < 4)
                model.Graph.Input.Add(Input(name, dims));
        }
        model.WriteTo(target);
    }

    // Variances must be positive.
    private static HashSet<string> StatisticsOf(GraphProto graph) =>
        [.. graph.Node.Where(n => n.OpType == "BatchNormalization").Select(n => n.Input[4])];

    private static long[] Dims(TensorProto shape)
    {
        if (shape.Int64Data.Count > 0)
            return [.. shape.Int64Data];
        byte[] raw = shape.RawData.ToByteArray();
        return [.. Enumerable.Range(0, raw.Length / 8).Select(i => BitConverter.ToInt64(raw, 8 * i))];
    }

    private static TensorProto Tensor(string name, long[] dims, SeededNoise noise, bool positive)
    {
        // Scaled by the fan-in, so that activations neither vanish nor overflow over a hundred layers.
        double fanIn = dims.Length > 1 ? Tensors.Count(dims[1..]) : 1;
        double scale = dims.Length > 1 ? Math.Sqrt(2 / fanIn) : 0.1;
        float half = positive ? 0.5f : (float)(scale * Math.Sqrt(3)), middle = positive ? 1 : 0;
        TensorProto tensor = Tensors.Of(ElementType.Float, dims, noise.Uniform(middle - half, middle + half, Tensors.Count(dims)));
        tensor.Name = name;
        return tensor;
    }

    private static ValueInfoProto Input(string name, long[] dims)
    {
        TensorShapeProto shape = new();
        shape.Dim.AddRange(dims.Select(d => new TensorShapeProto.Types.Dimension { DimValue = d }));
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)ElementType.Float, Shape = shape } },
        };
    }
}
