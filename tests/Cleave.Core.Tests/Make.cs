using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Google.Protobuf;
using Kind = Cleave.OnnxProto.AttributeProto.Types.AttributeType;

namespace Cleave.Core.Tests;

/// <summary>Makes small models.</summary>
internal static class Make
{
    public static ModelProto Model(GraphProto graph, long ir = 8, long opset = 17) => new()
    {
        IrVersion = ir,
        Graph = graph,
        OpsetImport = { new OperatorSetIdProto { Version = opset } },
    };

    /// <summary>x → Add(w) → y, with a weight.</summary>
    public static ModelProto Small() => Model(new GraphProto
    {
        Name = "small",
        Input = { Value("x", 1, 4) },
        Output = { Value("y", 1, 4) },
        Initializer = { Floats("w", [1, 4], 1, 2, 3, 4) },
        Node = { Node("Add", ["x", "w"], ["y"]) },
    });

    public static NodeProto Node(string op, string[] inputs, string[] outputs, params AttributeProto[] attributes) => new()
    {
        Name = op + "_" + outputs[0],
        OpType = op,
        Input = { inputs },
        Output = { outputs },
        Attribute = { attributes },
    };

    public static NodeProto Constant(string output, TensorProto value) =>
        Node("Constant", [], [output], new AttributeProto { Name = "value", Type = Kind.Tensor, T = value });

    public static AttributeProto Ints(string name, params long[] values) => new() { Name = name, Type = Kind.Ints, Ints = { values } };

    public static AttributeProto Int(string name, long value) => new() { Name = name, Type = Kind.Int, I = value };

    public static AttributeProto Float(string name, float value) => new() { Name = name, Type = Kind.Float, F = value };

    public static AttributeProto Text(string name, string value) => new() { Name = name, Type = Kind.String, S = ByteString.CopyFromUtf8(value) };

    public static AttributeProto Body(string name, GraphProto body) => new() { Name = name, Type = Kind.Graph, G = body };

    public static ValueInfoProto Value(string name, params long[] dims) => Typed(name, 1, dims);

    public static ValueInfoProto Typed(string name, int element, params long[] dims) => new()
    {
        Name = name,
        Type = new TypeProto
        {
            TensorType = new TypeProto.Types.Tensor
            {
                ElemType = element,
                Shape = new TensorShapeProto { Dim = { dims.Select(d => new TensorShapeProto.Types.Dimension { DimValue = d }) } },
            },
        },
    };

    public static TensorProto Floats(string name, long[] dims, params float[] values) => new()
    {
        Name = name,
        DataType = 1,
        Dims = { dims },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())),
    };

    public static TensorProto Bools(string name, params bool[] values) =>
        new() { Name = name, DataType = (int)ElementType.Bool, Dims = { values.Length }, Int32Data = { values.Select(static v => v ? 1 : 0) } };

    public static TensorProto RandomFloats(string name, int seed, params long[] dims)
    {
        Random random = new(seed);
        float[] values = new float[dims.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.NextSingle() * 2 - 1;
        return Floats(name, dims, values);
    }

    public static TensorProto External(string name, long[] dims, string location, params (string Key, string Value)[] entries) => new()
    {
        Name = name,
        DataType = 1,
        Dims = { dims },
        DataLocation = TensorProto.Types.DataLocation.External,
        ExternalData = { Entries([("location", location), .. entries]) },
    };

    private static IEnumerable<StringStringEntryProto> Entries((string Key, string Value)[] entries) =>
        entries.Select(e => new StringStringEntryProto { Key = e.Key, Value = e.Value });
}
