using System;
using System.Runtime.InteropServices;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.TestKit;

/// <summary>A model of one node, <c>y = x ∘ w</c> on four floats: small enough to know its results by heart.</summary>
public sealed record TinyModel
{
    /// <summary>The operator: Mul, Add, Sub, …</summary>
    public string Operator { get; init; } = "Mul";

    public float[] Weights { get; init; } = [1, 2, 3, 4];

    /// <summary>The file beside the model that holds the weights; empty: they are in the model.</summary>
    public string ExternalFile { get; init; } = "";

    public byte[] WeightBytes => MemoryMarshal.AsBytes(Weights.AsSpan()).ToArray();

    public byte[] ToBytes()
    {
        TensorProto weights = new() { Name = "w", DataType = 1, Dims = { Weights.Length } };
        if (ExternalFile.Length == 0)
        {
            weights.RawData = ByteString.CopyFrom(WeightBytes);
        }
        else
        {
            weights.DataLocation = TensorProto.Types.DataLocation.External;
            weights.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = ExternalFile });
            weights.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = "0" });
            weights.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = WeightBytes.Length.ToString() });
        }
        ModelProto model = new()
        {
            IrVersion = 8,
            ProducerName = "tiny",
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
            Graph = new GraphProto
            {
                Name = "tiny",
                Input = { Floats("x") },
                Output = { Floats("y") },
                Initializer = { weights },
                Node = { new NodeProto { Name = "node", OpType = Operator, Input = { "x", "w" }, Output = { "y" } } },
            },
        };
        return model.ToByteArray();
    }

    private ValueInfoProto Floats(string name)
    {
        TypeProto.Types.Tensor tensor = new() { ElemType = 1, Shape = new TensorShapeProto() };
        tensor.Shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = Weights.Length });
        return new() { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
