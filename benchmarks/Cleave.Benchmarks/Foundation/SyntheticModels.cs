using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Benchmarks.Foundation;

/// <summary>Models made for measuring, under artifacts/bench.</summary>
internal static class SyntheticModels
{
    private const int Float = 1;
    private const uint GraphTag = (7 << 3) | 2;
    private const uint InitializerTag = (5 << 3) | 2;
    private const uint RawDataTag = (9 << 3) | 2;

    /// <summary>Four operators on 64 numbers: nothing but the cost of a call.</summary>
    public static string Toy()
    {
        GraphProto graph = new() { Name = "toy", Input = { Vector("x", 64) }, Output = { Vector("y", 64) } };
        graph.Node.Add(Node("Relu", "a", "x"));
        graph.Node.Add(Node("Add", "b", "a", "x"));
        graph.Node.Add(Node("Mul", "c", "b", "x"));
        graph.Node.Add(Node("Neg", "y", "c"));
        ModelProto model = Header();
        model.Graph = graph;
        string path = Path.Combine(Report.BenchFolder(), "toy.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    /// <summary>
    /// Layers of MatMul, Relu and Add with a square weight each: 300 layers are 300 initializers and 900 nodes. The
    /// weights are zeros, left out of the disk where the file system can.
    /// </summary>
    public static string Layers(int layers, int width, int rows = 1)
    {
        string path = Path.Combine(Report.BenchFolder(), $"layers_{layers}_{width}_{rows}.onnx");
        GraphProto graph = new() { Name = "layers", Input = { Vector("x0", width, rows) }, Output = { Vector("x" + layers, width, rows) } };
        for (int i = 0; i < layers; i++)
        {
            graph.Node.Add(Node("MatMul", "m" + i, "x" + i, Weight(i)));
            graph.Node.Add(Node("Relu", "r" + i, "m" + i));
            graph.Node.Add(Node("Add", "x" + (i + 1), "r" + i, "x" + i));
        }
        long rawBytes = (long)width * width * sizeof(float);
        TensorProto[] weights = [.. Enumerable.Range(0, layers).Select(i => new TensorProto { Name = Weight(i), DataType = Float, Dims = { width, width } })];
        using FileStream file = File.Create(path);
        Header().WriteTo(file);
        CodedOutputStream output = new(file, leaveOpen: true);
        output.WriteUInt32(GraphTag);
        output.WriteUInt64((ulong)(graph.CalculateSize() + weights.Sum(w => Prefixed(SizeOf(w, rawBytes)))));
        foreach (TensorProto weight in weights)
        {
            output.WriteUInt32(InitializerTag);
            output.WriteUInt64((ulong)SizeOf(weight, rawBytes));
            weight.WriteTo(output);
            output.WriteUInt32(RawDataTag);
            output.WriteUInt64((ulong)rawBytes);
            output.Flush();
            file.Seek(rawBytes, SeekOrigin.Current);
            // Its position is that of the stream.
            output = new CodedOutputStream(file, leaveOpen: true);
        }
        graph.WriteTo(output);
        output.Flush();
        return path;
    }

    private static string Weight(int layer) => "layers." + layer + ".weight";

    private static long SizeOf(TensorProto weight, long rawBytes) => weight.CalculateSize() + Prefixed(rawBytes);

    // A one-byte tag and the length before so many bytes.
    private static long Prefixed(long bytes) => 1 + CodedOutputStream.ComputeUInt64Size((ulong)bytes) + bytes;

    private static ModelProto Header() => new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } } };

    private static NodeProto Node(string type, string output, params string[] inputs) =>
        new() { OpType = type, Name = type + "_" + output, Input = { inputs }, Output = { output } };

    private static ValueInfoProto Vector(string name, int length, int rows = 1) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = Float,
                Shape = new TensorShapeProto
                {
                    Dim = { new TensorShapeProto.Types.Dimension { DimValue = rows }, new TensorShapeProto.Types.Dimension { DimValue = length } },
                },
            },
        },
    };
}
