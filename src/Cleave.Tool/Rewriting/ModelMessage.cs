using System.IO;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Tool.Rewriting;

/// <summary>A model's file as ONNX's own messages.</summary>
internal static class ModelMessage
{
    // Cleave's own reader, which has seen the file before, takes 64 graphs in each other: four messages each.
    private const int DeepestNesting = 300;

    // Larger ones are left out where only the graph is looked at; the reader keeps no elements of these.
    private const int LargestKept = 4096;

    /// <exception cref="RewriteException">It is none, or too large for one message.</exception>
    public static ModelProto Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        if (stream.Length > int.MaxValue)
            throw new RewriteException($"{path} has more than 2 GB. A file that ONNX Runtime opens has less: larger weights lie in external data beside it.");
        using CodedInputStream input = CodedInputStream.CreateWithLimits(stream, int.MaxValue, DeepestNesting);
        try
        {
            return ModelProto.Parser.ParseFrom(input);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RewriteException($"{path} cannot be rewritten: {e.Message}", e);
        }
    }

    public static void Write(ModelProto model, string path)
    {
        using FileStream stream = File.Create(path);
        model.WriteTo(stream);
    }

    /// <summary>The graph as Cleave reads it, which does not look at large weights.</summary>
    public static OnnxModel Graph(ModelProto model)
    {
        GraphProto graph = model.Graph;
        GraphProto light = new()
        {
            Name = graph.Name,
            Node = { graph.Node },
            Input = { graph.Input },
            Output = { graph.Output },
            ValueInfo = { graph.ValueInfo },
            SparseInitializer = { graph.SparseInitializer },
        };
        foreach (TensorProto tensor in graph.Initializer)
            light.Initializer.Add(WithoutData(tensor));
        ModelProto whole = new() { IrVersion = model.IrVersion, OpsetImport = { model.OpsetImport }, Functions = { model.Functions }, Graph = light };
        using ByteSource source = ByteSource.FromBytes(whole.ToByteArray());
        return ModelReader.Read(source, CancellationToken.None);
    }

    private static TensorProto WithoutData(TensorProto tensor)
    {
        if (tensor.StringData.Count > 0 || tensor.CalculateSize() <= LargestKept)
            return tensor;
        return new TensorProto
        {
            Name = tensor.Name,
            DataType = tensor.DataType,
            Dims = { tensor.Dims },
            DataLocation = TensorProto.Types.DataLocation.External,
            ExternalData = { new StringStringEntryProto { Key = "location", Value = "left-out" } },
        };
    }
}
