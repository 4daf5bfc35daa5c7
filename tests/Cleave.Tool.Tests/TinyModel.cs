using System;
using System.IO;
using Cleave.OnnxProto;
using Google.Protobuf;
using static Cleave.OnnxProto.TypeProto.Types;

namespace Cleave.Tool.Tests;

/// <summary>A model of a few nodes in a temporary file: <c>y = x + w</c>, and what a test adds.</summary>
internal sealed class TinyModel : IDisposable
{
    public const int Float = 1;
    public const int Double = 11;

    private readonly string _folder = Directory.CreateTempSubdirectory("cleave-tool-").FullName;

    public TinyModel()
    {
        Model = new ModelProto
        {
            IrVersion = 8,
            ProducerName = "tests",
            ProducerVersion = "2.5",
            DocString = "Adds a weight.",
            Graph = new GraphProto { Name = "tiny" },
        };
        Model.OpsetImport.Add(new OperatorSetIdProto { Version = 17 });
        Model.Graph.Input.Add(Value("x", Float, "batch", 4));
        Model.Graph.Output.Add(Value("y", Float, "batch", 4));
        Model.Graph.Initializer.Add(Weight("w", Float, sizeof(float), 4));
        Model.Graph.Node.Add(Node("Add", ["x", "w"], "y"));
    }

    public ModelProto Model { get; }

    public string Path => System.IO.Path.Combine(_folder, "tiny_model.onnx");

    /// <summary>Writes the file and gives its path.</summary>
    public string Save()
    {
        File.WriteAllBytes(Path, Model.ToByteArray());
        return Path;
    }

    public string Save(byte[] content)
    {
        File.WriteAllBytes(Path, content);
        return Path;
    }

    public static ValueInfoProto Value(string name, int element, params object?[] shape)
    {
        Tensor tensor = new() { ElemType = element, Shape = new TensorShapeProto() };
        foreach (object? dim in shape)
        {
            tensor.Shape.Dim.Add(dim switch
            {
                int size => new TensorShapeProto.Types.Dimension { DimValue = size },
                string symbol => new TensorShapeProto.Types.Dimension { DimParam = symbol },
                _ => new TensorShapeProto.Types.Dimension(),
            });
        }
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    public static TensorProto Weight(string name, int element, int size, int count)
    {
        TensorProto tensor = new() { Name = name, DataType = element, RawData = ByteString.CopyFrom(new byte[count * size]) };
        tensor.Dims.Add(count);
        return tensor;
    }

    public static NodeProto Node(string operation, string[] inputs, string output, string domain = "")
    {
        NodeProto node = new() { OpType = operation, Domain = domain };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        return node;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
