using System.Collections.Generic;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Tool.Tuning;

/// <summary>A small model whose run on a device says one thing about it.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Bytes">The ONNX file.</param>
/// <param name="Shape">Of its input <c>x</c>, and of its output <c>y</c>: floats.</param>
/// <param name="Output">Of its output.</param>
internal sealed record ProbeModel(string Name, byte[] Bytes, long[] Shape, long[] Output);

/// <summary>The models that <see cref="DeviceMeasurement"/> runs. Weights are what memory holds: how long products take does not depend on them.</summary>
internal static class ProbeModels
{
    private const int Opset = 17;
    private const int Float = 1;

    /// <summary>So many small kernels, one after the other.</summary>
    public static ProbeModel Chain(int kernels)
    {
        GraphProto graph = new() { Name = "chain" };
        for (int i = 0; i < kernels; i++)
            graph.Node.Add(new NodeProto { OpType = i % 2 == 0 ? "Abs" : "Neg", Input = { i == 0 ? "x" : "v" + i }, Output = { i == kernels - 1 ? "y" : "v" + (i + 1) } });
        return Of("chain of " + kernels, graph, [256], [256]);
    }

    /// <summary>The product of two square matrices.</summary>
    public static ProbeModel Product(int size)
    {
        GraphProto graph = new() { Name = "product", Node = { new NodeProto { OpType = "MatMul", Input = { "x", "w" }, Output = { "y" } } } };
        graph.Initializer.Add(Weight("w", size, size));
        return Of("product of " + size, graph, [size, size], [size, size]);
    }

    /// <summary>So many floats read and written.</summary>
    public static ProbeModel Stream(int floats) =>
        Of("stream of " + floats, new GraphProto { Name = "stream", Node = { new NodeProto { OpType = "Neg", Input = { "x" }, Output = { "y" } } } }, [floats], [floats]);

    /// <summary>A small recurrent layer of so many steps.</summary>
    public static ProbeModel Steps(int steps, int width)
    {
        NodeProto lstm = new() { OpType = "LSTM", Input = { "x", "w", "r" }, Output = { "y" } };
        lstm.Attribute.Add(new AttributeProto { Name = "hidden_size", Type = AttributeProto.Types.AttributeType.Int, I = width });
        GraphProto graph = new() { Name = "steps", Node = { lstm } };
        graph.Initializer.Add(Weight("w", 1, 4 * width, width));
        graph.Initializer.Add(Weight("r", 1, 4 * width, width));
        return Of("recurrent layer of " + steps + " steps", graph, [steps, 1, width], [steps, 1, 1, width]);
    }

    private static ProbeModel Of(string name, GraphProto graph, long[] shape, long[] output)
    {
        graph.Input.Add(Value("x", shape));
        graph.Output.Add(Value("y", output));
        ModelProto model = new() { IrVersion = 8, ProducerName = "cleave tune", Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = Opset } } };
        return new ProbeModel(name, model.ToByteArray(), shape, output);
    }

    private static ValueInfoProto Value(string name, IReadOnlyList<long> shape)
    {
        TensorShapeProto dims = new();
        foreach (long size in shape)
            dims.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = size });
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = Float, Shape = dims } } };
    }

    private static TensorProto Weight(string name, params long[] dims)
    {
        TensorProto weight = new() { Name = name, DataType = Float, Dims = { dims } };
        long bytes = sizeof(float);
        foreach (long dim in dims)
            bytes *= dim;
        weight.RawData = ByteString.CopyFrom(new byte[bytes]);
        return weight;
    }
}
