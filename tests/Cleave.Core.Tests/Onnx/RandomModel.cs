using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.OnnxProto;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Kind = Cleave.OnnxProto.AttributeProto.Types.AttributeType;

namespace Cleave.Core.Tests.Onnx;

/// <summary>Models with a bit of everything in them, the same for the same seed.</summary>
internal sealed class RandomModel(int seed)
{
    private readonly Random _random = new(seed);
    private int _names;

    public ModelProto Make()
    {
        ModelProto model = new()
        {
            IrVersion = _random.Next(3, 12),
            ProducerName = Text(),
            ProducerVersion = Text(),
            Domain = Text(),
            ModelVersion = _random.NextInt64(),
            DocString = Text(),
            OpsetImport =
            {
                new OperatorSetIdProto { Domain = Maybe() ? "ai.onnx" : "", Version = _random.Next(1, 25) },
                new OperatorSetIdProto { Domain = "com.example", Version = 1 },
            },
            MetadataProps = { Some(() => new StringStringEntryProto { Key = Text(), Value = Text() }) },
            Functions = { Some(Function) },
        };
        model.Graph = Graph(2, []);
        return model;
    }

    private FunctionProto Function()
    {
        string[] inputs = [.. Some(Name)];
        FunctionProto function = new()
        {
            Name = Name(),
            Domain = "com.example",
            Overload = Maybe() ? Text() : "",
            Input = { inputs },
            Attribute = { Some(Name) },
            AttributeProto = { Some(() => Attribute(0, [])) },
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
            ValueInfo = { Some(Value) },
        };
        Nodes(function.Node, [.. inputs], 1);
        if (function.Node.Count > 0)
            function.Node[0].Attribute.Add(new AttributeProto { Name = Name(), Type = Kind.Int, RefAttrName = Name() });
        function.Output.Add(function.Node.Take(1).Select(n => n.Output[0]));
        return function;
    }

    private GraphProto Graph(int depth, IEnumerable<string> outer)
    {
        GraphProto graph = new()
        {
            Name = Text(),
            DocString = Text(),
            Input = { Some(Value) },
            Initializer = { Some(() => Tensor(Name())) },
            SparseInitializer = { Some(() => Sparse(Name())) },
            ValueInfo = { Some(Value) },
        };
        List<string> known = [.. outer, .. graph.Input.Select(v => v.Name), .. graph.Initializer.Select(t => t.Name)];
        Nodes(graph.Node, known, depth);
        foreach (string name in known.Skip(outer.Count()).Where(_ => Maybe()))
        {
            ValueInfoProto output = Value();
            output.Name = name;
            graph.Output.Add(output);
        }
        return graph;
    }

    private void Nodes(RepeatedField<NodeProto> nodes, List<string> known, int depth)
    {
        for (int i = _random.Next(5); i >= 0; i--)
        {
            string[] outputs = [Name(), .. Some(() => Maybe() ? "" : Name())];
            nodes.Add(new NodeProto
            {
                Name = Text(),
                OpType = "Op" + _random.Next(4),
                Domain = _random.Next(3) switch { 0 => "", 1 => "ai.onnx", _ => "com.example" },
                Overload = _random.Next(5) == 0 ? Text() : "",
                DocString = Text(),
                Input = { Some(() => known.Count == 0 || _random.Next(4) == 0 ? "" : known[_random.Next(known.Count)]) },
                Output = { outputs },
                Attribute = { Some(() => Attribute(depth, known)) },
            });
            known.AddRange(outputs.Where(o => o.Length > 0));
        }
    }

    private AttributeProto Attribute(int depth, List<string> known)
    {
        AttributeProto attribute = new() { Name = Name(), DocString = Text(), Type = (Kind)_random.Next(1, 15) };
        switch (attribute.Type)
        {
            case Kind.Float:
                // Google.Protobuf takes -0 for the default and does not write it.
                attribute.F = Float() + 0f;
                break;
            case Kind.Int:
                attribute.I = _random.NextInt64(long.MinValue, long.MaxValue);
                break;
            case Kind.String:
                attribute.S = Bytes();
                break;
            case Kind.Tensor:
                attribute.T = Tensor(Text());
                break;
            case Kind.Floats:
                attribute.Floats.Add(Some(Float));
                break;
            case Kind.Ints:
                attribute.Ints.Add(Some(() => _random.NextInt64(-5, 5)));
                break;
            case Kind.Strings:
                attribute.Strings.Add(Some(Bytes));
                break;
            case Kind.Tensors:
                attribute.Tensors.Add(Some(() => Tensor(Text())));
                break;
            case Kind.SparseTensor:
                attribute.SparseTensor = Sparse(Text());
                break;
            case Kind.SparseTensors:
                attribute.SparseTensors.Add(Some(() => Sparse(Text())));
                break;
            case Kind.TypeProto:
                attribute.Tp = Type(2);
                break;
            case Kind.TypeProtos:
                attribute.TypeProtos.Add(Some(() => Type(2)));
                break;
            case Kind.Graph when depth > 0:
                attribute.G = Graph(depth - 1, known);
                break;
            case Kind.Graphs when depth > 0:
                attribute.Graphs.Add(Some(() => Graph(depth - 1, known)));
                break;
            default:
                attribute.Type = Kind.Int;
                break;
        }
        return attribute;
    }

    private TensorProto Tensor(string name)
    {
        int[] dims = [.. Some(() => _random.Next(0, 4))];
        int count = dims.Aggregate(1, (a, b) => a * b);
        TensorProto tensor = new() { Name = name, Dims = { dims.Select(d => (long)d) }, DocString = Text() };
        switch (_random.Next(8))
        {
            case 0:
                tensor.DataType = 1;
                tensor.FloatData.Add(Enumerable.Range(0, count).Select(_ => Float()));
                break;
            case 1:
                tensor.DataType = 11;
                tensor.DoubleData.Add(Enumerable.Range(0, count).Select(_ => (double)Float()));
                break;
            case 2:
                tensor.DataType = 7;
                tensor.Int64Data.Add(Enumerable.Range(0, count).Select(_ => _random.NextInt64(-1000, 1000)));
                break;
            case 3:
                tensor.DataType = 3;
                tensor.Int32Data.Add(Enumerable.Range(0, count).Select(_ => _random.Next(-128, 128)));
                break;
            case 4:
                tensor.DataType = 8;
                tensor.StringData.Add(Enumerable.Range(0, count).Select(_ => Bytes()));
                break;
            case 5:
                tensor.DataType = 22;
                tensor.RawData = ByteString.CopyFrom(new byte[(count + 1) / 2]);
                break;
            case 6:
                tensor.DataType = 10;
                tensor.DataLocation = TensorProto.Types.DataLocation.External;
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "w.bin" });
                tensor.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = "4096" });
                break;
            default:
                tensor.DataType = 13;
                tensor.Uint64Data.Add(Enumerable.Range(0, count).Select(_ => (ulong)_random.NextInt64()));
                break;
        }
        return tensor;
    }

    private SparseTensorProto Sparse(string name) => new()
    {
        Dims = { 10, 10 },
        Values = new TensorProto { Name = name, DataType = 1, Dims = { 2 }, FloatData = { 1, 2 } },
        Indices = new TensorProto { DataType = 7, Dims = { 2 }, Int64Data = { 3, 5 } },
    };

    private ValueInfoProto Value() => new() { Name = Name(), Type = Maybe() ? Type(2) : null, DocString = Text() };

    private TypeProto Type(int depth) => _random.Next(depth > 0 ? 6 : 3) switch
    {
        0 => new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = _random.Next(27), Shape = Maybe() ? Shape() : null } },
        1 => new TypeProto { SparseTensorType = new TypeProto.Types.SparseTensor { ElemType = 1, Shape = Maybe() ? Shape() : null } },
        2 => new TypeProto { OpaqueType = new TypeProto.Types.Opaque { Domain = Text(), Name = Text() } },
        3 => new TypeProto { SequenceType = new TypeProto.Types.Sequence { ElemType = Type(depth - 1) } },
        4 => new TypeProto { OptionalType = new TypeProto.Types.Optional { ElemType = Type(depth - 1) } },
        _ => new TypeProto { MapType = new TypeProto.Types.Map { KeyType = 7, ValueType = Type(depth - 1) } },
    };

    private TensorShapeProto Shape() => new()
    {
        Dim =
        {
            Some(() => _random.Next(3) switch
            {
                0 => new TensorShapeProto.Types.Dimension { DimValue = _random.Next(-1, 100), Denotation = Maybe() ? "DATA_BATCH" : "" },
                1 => new TensorShapeProto.Types.Dimension { DimParam = Text() },
                _ => new TensorShapeProto.Types.Dimension(),
            }),
        },
    };

    private bool Maybe() => _random.Next(2) == 0;

    private T[] Some<T>(Func<T> make) => [.. Enumerable.Range(0, _random.Next(4)).Select(_ => make())];

    private float Float() => _random.Next(6) switch
    {
        0 => float.NaN,
        1 => float.NegativeInfinity,
        2 => -0f,
        3 => float.Epsilon,
        _ => BitConverter.Int32BitsToSingle(_random.Next(int.MinValue, int.MaxValue)) is float f && float.IsNaN(f) ? 0.1f : f,
    };

    private ByteString Bytes() => _random.Next(4) switch
    {
        0 => ByteString.CopyFrom(0xFF, 0xFE),
        1 => ByteString.CopyFrom(new byte[1500]),
        _ => ByteString.CopyFromUtf8(Text()),
    };

    private string Name() => "n" + _names++ + Text();

    // Texts that a careless writer of listings would trip over.
    private string Text() => Hostile[_random.Next(Hostile.Length)];

    public static readonly string[] Hostile =
    [
        "", "", "plain", "\"", "\\", "\\n", "a\nb", "\r\n", "\t", "*/", "\"\"\"", "'", "a b", "]", ",", "\0", "\u0001", "\u007F", "\u0085",
        "\u2028", "\u202E", "\u200B", "\uFEFF", "ä", "漢字", "😀", "\U000E0041", "{0}", "node \"x\"", "$(Path)", "%20", ";", "class", "\\u0041",
    ];
}
