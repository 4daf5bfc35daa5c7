using System.Collections.Generic;
using System.Globalization;
using System.IO;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Core.Tests;

/// <summary>A convolutional network as exporters write them, with weights that take no room on the disk.</summary>
internal static class LargeModel
{
    public static string Write(TempFolder folder, long weightBytes, int nodes, int initializers)
    {
        long elements = weightBytes / initializers / 4;
        List<(byte[] Head, long Data)> pieces = [];
        GraphProto graph = new() { Name = "large", Input = { Make.Value("input", 1, 64, 56, 56) } };
        string value = "input";
        for (int i = 0; i < nodes; i++)
        {
            string layer = string.Create(CultureInfo.InvariantCulture, $"/features/block{i / 9}/layer{i % 9}/");
            string output = layer + "Output_0";
            graph.Node.Add((i % 3) switch
            {
                0 => Make.Node("Conv", [value, "features.weight" + i / 3 % initializers], [output], Make.Ints("dilations", 1, 1), Make.Int("group", 1),
                    Make.Ints("kernel_shape", 3, 3), Make.Ints("pads", 1, 1, 1, 1), Make.Ints("strides", 1, 1)),
                1 => Make.Node("Relu", [value], [output]),
                _ => Make.Node("Add", [value, value], [output]),
            });
            graph.Node[^1].Name = layer + graph.Node[^1].OpType;
            graph.ValueInfo.Add(Make.Value(output, 1, 64, 56, 56));
            value = output;
        }
        graph.Output.Add(Make.Value(value, 1, 64, 56, 56));
        long length = 0;
        for (int i = 0; i < initializers; i++)
        {
            byte[] tensor = new TensorProto { Name = "features.weight" + i, DataType = 1, Dims = { elements } }.ToByteArray();
            byte[] raw = Prefix(9, elements * 4);
            byte[] head = [.. Prefix(5, tensor.Length + raw.Length + elements * 4), .. tensor, .. raw];
            pieces.Add((head, elements * 4));
            length += head.Length + elements * 4;
        }
        byte[] rest = graph.ToByteArray();
        ModelProto model = Make.Model(new GraphProto());
        model.Graph = null;
        string path = Path.Combine(folder.Path, weightBytes.ToString(CultureInfo.InvariantCulture) + ".onnx");
        using FileStream file = File.Create(path);
        file.Write(model.ToByteArray());
        file.Write(Prefix(7, length + rest.Length));
        foreach ((byte[] head, long data) in pieces)
        {
            file.Write(head);
            // A hole: nothing is stored.
            file.SetLength(file.Position + data);
            file.Position += data;
        }
        file.Write(rest);
        return path;
    }

    public static byte[] Prefix(int field, long length)
    {
        using MemoryStream stream = new();
        using CodedOutputStream output = new(stream);
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteUInt64((ulong)length);
        output.Flush();
        return stream.ToArray();
    }
}
