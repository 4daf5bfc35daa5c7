using System;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Runtime.Tests.Support;

/// <summary>Writes ONNX models with the format's own messages.</summary>
internal static class Onnx
{
    public static ModelProto Model(ValueInfoProto[] inputs, ValueInfoProto[] outputs, NodeProto[] nodes, TensorProto[]? weights = null, int ir = 8, int opset = 17)
    {
        GraphProto graph = new() { Name = "g" };
        graph.Input.Add(inputs);
        graph.Output.Add(outputs);
        graph.Node.Add(nodes);
        graph.Initializer.Add(weights ?? []);
        ModelProto model = new() { IrVersion = ir, ProducerName = "tests", Graph = graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = opset });
        return model;
    }

    /// <summary>A tensor value; dimensions are numbers, names, or null for unknown.</summary>
    public static ValueInfoProto Tensor(string name, ElementType type, params object?[] dims)
    {
        TensorShapeProto shape = new();
        foreach (object? dim in dims)
        {
            shape.Dim.Add(dim switch
            {
                null => new TensorShapeProto.Types.Dimension(),
                string text => new TensorShapeProto.Types.Dimension { DimParam = text },
                _ => new TensorShapeProto.Types.Dimension { DimValue = Convert.ToInt64(dim) },
            });
        }
        return new() { Name = name, Type = new() { TensorType = new() { ElemType = (int)type, Shape = shape } } };
    }

    public static ValueInfoProto TensorOfAnyShape(string name, ElementType type) =>
        new() { Name = name, Type = new() { TensorType = new() { ElemType = (int)type } } };

    public static NodeProto Node(string op, string[] inputs, string[] outputs, params AttributeProto[] attributes)
    {
        NodeProto node = new() { OpType = op, Name = op + "_" + outputs[0] };
        node.Input.Add(inputs);
        node.Output.Add(outputs);
        node.Attribute.Add(attributes);
        return node;
    }

    public static AttributeProto Int(string name, long value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    public static AttributeProto Graph(string name, GraphProto value) => new() { Name = name, Type = AttributeProto.Types.AttributeType.Graph, G = value };

    public static TensorProto Floats(string name, long[] dims, params float[] values)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)ElementType.Float, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<float>(values)) };
        tensor.Dims.Add(dims);
        return tensor;
    }

    public static TensorProto Longs(string name, long[] dims, params long[] values)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)ElementType.Int64, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<long>(values)) };
        tensor.Dims.Add(dims);
        return tensor;
    }

    public static float[] Random(int count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)random.NextDouble() - 0.5f;
        return values;
    }
}
