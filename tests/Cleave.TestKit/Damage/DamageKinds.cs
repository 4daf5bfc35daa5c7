using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Cleave.OnnxProto;
using Google.Protobuf;
using static Cleave.TestKit.Damage.DamagedModelParts;
using Dimension = Cleave.OnnxProto.TensorShapeProto.Types.Dimension;

namespace Cleave.TestKit.Damage;

/// <summary>The kinds of damage that the mutation test draws from.</summary>
public static class DamageKinds
{
    private const string OfAnotherGraph = "cleave-tuning 1\nmachine \"another\" 2 \"1.30.0\"\n  graph \"h2:00\"\n  complete\n";

    public static IReadOnlyList<DamageKind> All { get; } = [.. Files(), .. Graphs(), .. Surfaces(), .. Weights(), .. Metadata(), .. Project()];

    private static IEnumerable<DamageKind> Files() =>
    [
        new("file missing", Seen.Build, ["CLV1001"], (_, _, _) => Missing),
        new("file empty", Seen.Build, ["CLV1002"], (_, _, _) => Of([])),
        new("Git LFS pointer", Seen.Build, ["CLV1003"], (_, _, _) => Of(Encoding.ASCII.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"))),
        new("file cut off", Seen.Build, ["CLV1004", "CLV1005", "CLV1006"], (m, random, _) => m.ToByteArray() is var bytes ? Of(bytes[..random.Next(20, bytes.Length - 1)]) : null),
        new("another format", Seen.Build, ["CLV1005"], (_, _, _) => Of(Encoding.ASCII.GetBytes("<!DOCTYPE html><html><body>" + new string('x', 5000)))),
        new("operator set of the future", Seen.Build, ["CLV1018"], (m, random, _) => Set(m, m => m.OpsetImport.Single(o => o.Domain.Length == 0).Version = random.Next(60, 99))),
        new("file format of the future", Seen.Build, ["CLV1019"], (m, random, _) => Set(m, m => m.IrVersion = random.Next(60, 99))),
        new("operator set raised by hand", Seen.Contract, ["CLV1022", "CLV1021", "CLV1020"], (m, _, _) => Set(m, m => m.OpsetImport.Single(o => o.Domain.Length == 0).Version++)),
    ];

    private static IEnumerable<DamageKind> Graphs() =>
    [
        new("unknown operator", Seen.Build, ["CLV1020"], (m, random, _) => Set(m, m => AnyNode(m, random).OpType += "2")),
        new("deprecated operator", Seen.Build, ["CLV1021", "CLV1022"], (m, random, _) => Set(m, m =>
        {
            m.OpsetImport.Single(o => o.Domain.Length == 0).Version = 17;
            AnyNode(m, random).OpType = "Upsample";
        })),
        new("input of a node that nobody writes", Seen.Build, ["CLV1010"], (m, random, _) => Set(m, m => AnyNode(m, random, n => n.Input.Count > 0).Input[0] = "nobody")),
        new("nodes in a circle", Seen.Build, ["CLV1017"], (m, random, _) => Set(m, m =>
        {
            NodeProto node = AnyNode(m, random, n => n.Input.Count > 0);
            node.Input[0] = node.Output[0];
        })),
        new("weight defined twice", Seen.Build, ["CLV1009"], (m, random, _) => Tensor(m, random) is { } t ? Set(m, m => m.Graph.Initializer.Add(t.Clone())) : null),
        new("weight missing", Seen.Build, ["CLV1010"], (m, random, _) => Used(m, random) is { } t ? Set(m, m => Drop(m, t)) : null),
        new("node missing", Seen.Build, ["CLV1010"], (m, random, _) => Set(m, m => m.Graph.Node.Remove(Inner(m, random)))),
        new("element type that nobody knows", Seen.Build, ["CLV1008"], (m, random, _) => Tensor(m, random) is { } t ? Set(m, _ => t.DataType = 99) : null),
        new("no outputs", Seen.Build, ["CLV2008", "CLV1022"], (m, _, _) => Set(m, m => m.Graph.Output.Clear())),
    ];

    private static IEnumerable<DamageKind> Surfaces() =>
    [
        new("input renamed", Seen.Contract, ["CLV1022"], (m, _, _) => Set(m, m => Rename(m, RealInputs(m)[0].Name, "renamed"))),
        new("output renamed", Seen.Contract, ["CLV1022"], (m, _, _) => Set(m, m => Rename(m, m.Graph.Output[0].Name, "renamed"))),
        new("input of another shape", Seen.Contract, ["CLV1022"], (m, _, _) => RealInputs(m)[0].Type.TensorType.Shape is { Dim.Count: > 0 } shape
            ? Set(m, _ => shape.Dim[^1] = new Dimension { DimValue = shape.Dim[^1].DimValue + 32 }) : null),
        new("input of another type", Seen.Contract, ["CLV1022"], (m, _, _) => Set(m, m => RealInputs(m)[0].Type.TensorType.ElemType = 11)),
        new("output of another type", Seen.Contract, ["CLV1022"], (m, _, _) => Set(m, m => m.Graph.Output[0].Type.TensorType.ElemType = 10)),
        new("dimension renamed", Seen.Contract, ["CLV1022"], (m, _, _) => RealInputs(m).Concat(m.Graph.Output).SelectMany(v => v.Type.TensorType.Shape.Dim).FirstOrDefault(d => d.DimParam.Length > 0) is { } dim
            ? Set(m, _ => dim.DimParam += "_renamed") : null),
        new("output added", Seen.Contract, ["CLV1022"], (m, random, _) => Set(m, m => m.Graph.Output.Add(new ValueInfoProto { Name = Inner(m, random).Output[0], Type = m.Graph.Output[0].Type }))),
    ];

    private static IEnumerable<DamageKind> Weights() =>
    [
        new("weight's shape without its data", Seen.Build, ["CLV1016"], (m, random, _) => Raw(m, random) is { } t ? Set(m, _ => t.Dims[0]++) : null),
        new("weight's data cut", Seen.Build, ["CLV1016"], (m, random, _) => Raw(m, random) is { } t ? Set(m, _ => t.RawData = ByteString.CopyFrom(t.RawData.Span[..^4])) : null),
        new("external data missing", Seen.Build, ["CLV1011"], (m, random, file) => Raw(m, random) is { } t ? External(m, t, file + ".gone", null) : null),
        new("external data too short", Seen.Build, ["CLV1012"], (m, random, file) => Raw(m, random) is { } t ? External(m, t, file + ".data", t.RawData.ToByteArray()[..^1]) : null),
        new("external data outside", Seen.Build, ["CLV1013"], (m, random, _) => Raw(m, random) is { } t ? External(m, t, "../outside.data", null) : null),
        new("weight of another shape, as many elements", Seen.Running, ["CLV3008"], (m, random, _) => Raw(m, random, t => t.Dims.Count == 4 && t.Dims[0] > 1) is { } t ? Set(m, _ =>
        {
            t.Dims[1] *= t.Dims[0];
            t.Dims[0] = 1;
        }) : null),
        new("weights of zero", Seen.Recording, ["CLV3008"], (m, random, _) => Large(m, random) is { } t ? Set(m, _ => t.RawData = ByteString.CopyFrom(new byte[t.RawData.Length])) : null),
        new("weights scaled", Seen.Recording, ["CLV3008"], (m, random, _) => Large(m, random) is { } t ? Set(m, _ => t.RawData = Scaled(t.RawData)) : null),
        new("weights reversed", Seen.Recording, ["CLV3008"], (m, random, _) => Large(m, random) is { } t ? Set(m, _ => t.RawData = Reversed(t.RawData)) : null),
        new("data file of another training", Seen.Recording, ["CLV3008"], (m, random, file) => Large(m, random) is { } t ? External(m, t, file + ".data", Reversed(t.RawData).ToByteArray()) : null),
    ];

    private static IEnumerable<DamageKind> Metadata() =>
    [
        new("metadata misspelt", Seen.Build, ["CLV2015"], (m, _, _) => Of(m, "Acess=\"public\"")),
        new("metadata out of range", Seen.Build, ["CLV2004"], (m, _, _) => Of(m, "Weights=\"Mmap\"")),
        new("chosen output that is not there", Seen.Build, ["CLV2010"], (m, _, _) => Of(m, "Outputs=\"nobody\"")),
        new("two models of one class", Seen.Build, ["CLV2003"], (m, _, _) => Of(m, "ClassName=\"Twice\"")),
    ];

    private static IEnumerable<DamageKind> Project() =>
    [
        new("stale tuning section", Seen.Build, ["CLV1025"], (m, _, file) => With(m, (file + ".onnx.tune", Encoding.ASCII.GetBytes(OfAnotherGraph)))),
        new("missing from publish", Seen.Publish, ["CLV3004"], (m, _, _) => Of(m)),
    ];

    private static DamagedModelParts Set(ModelProto model, Action<ModelProto> change)
    {
        change(model);
        return Of(model);
    }

    private static ValueInfoProto[] RealInputs(ModelProto model) =>
        [.. model.Graph.Input.Where(i => model.Graph.Initializer.All(t => t.Name != i.Name))];

    private static NodeProto AnyNode(ModelProto model, Random random, Func<NodeProto, bool>? fits = null)
    {
        // Constants fold into others, and what they hold may be shapes.
        NodeProto[] nodes = [.. model.Graph.Node.Where(n => n.OpType != "Constant" && n.Domain.Length == 0 && n.Output.Count > 0 && (fits?.Invoke(n) ?? true))];
        return nodes[random.Next(nodes.Length)];
    }

    // Read by another node.
    private static NodeProto Inner(ModelProto model, Random random) => AnyNode(model, random, n => n.Output.Count == 1
        && model.Graph.Output.All(o => o.Name != n.Output[0]) && model.Graph.Node.Any(other => other.Input.Contains(n.Output[0])));

    private static TensorProto? Tensor(ModelProto model, Random random, Func<TensorProto, bool>? fits = null)
    {
        TensorProto[] tensors = [.. model.Graph.Initializer.Where(t => fits?.Invoke(t) ?? true)];
        return tensors.Length == 0 ? null : tensors[random.Next(tensors.Length)];
    }

    private static TensorProto? Used(ModelProto model, Random random) => Tensor(model, random, t => model.Graph.Node.Any(n => n.Input.Contains(t.Name)));

    private static TensorProto? Raw(ModelProto model, Random random, Func<TensorProto, bool>? fits = null) =>
        Tensor(model, random, t => t.DataType == 1 && t.RawData.Length >= 8 && t.Dims.Count > 0 && (fits?.Invoke(t) ?? true) && model.Graph.Node.Any(n => n.Input.Contains(t.Name)));

    // The largest: a single bias may not move the output as far as two machines are apart.
    private static TensorProto? Large(ModelProto model, Random random)
    {
        TensorProto[] large = [.. model.Graph.Initializer.Where(t => t.DataType == 1 && t.RawData.Length >= 1024 && t.Dims.Count > 1).OrderByDescending(t => t.RawData.Length).Take(4)];
        return large.Length == 0 ? null : large[random.Next(large.Length)];
    }

    private static void Drop(ModelProto model, TensorProto tensor)
    {
        model.Graph.Initializer.Remove(tensor);
        if (model.Graph.Input.FirstOrDefault(i => i.Name == tensor.Name) is { } listed)
            model.Graph.Input.Remove(listed);
    }

    private static void Rename(ModelProto model, string from, string to)
    {
        foreach (ValueInfoProto value in model.Graph.Input.Concat(model.Graph.Output).Where(v => v.Name == from))
            value.Name = to;
        RenameInNodes(model.Graph, from, to);
    }

    // Bodies of control flow read outer values by name, too.
    private static void RenameInNodes(GraphProto graph, string from, string to)
    {
        foreach (NodeProto node in graph.Node)
        {
            for (int i = 0; i < node.Input.Count; i++)
                node.Input[i] = node.Input[i] == from ? to : node.Input[i];
            for (int i = 0; i < node.Output.Count; i++)
                node.Output[i] = node.Output[i] == from ? to : node.Output[i];
            foreach (AttributeProto attribute in node.Attribute.Where(a => a.G is not null))
                RenameInNodes(attribute.G, from, to);
        }
    }

    private static DamagedModelParts External(ModelProto model, TensorProto tensor, string location, byte[]? data)
    {
        int length = tensor.RawData.Length;
        tensor.RawData = ByteString.Empty;
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = length.ToString() });
        return data is null ? Of(model) : With(model, (location, data));
    }

    private static ByteString Reversed(ByteString data)
    {
        float[] numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(data.Span).ToArray();
        Array.Reverse(numbers);
        return ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers.AsSpan()));
    }

    private static ByteString Scaled(ByteString data)
    {
        float[] numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(data.Span).ToArray();
        return ByteString.CopyFrom(System.Runtime.InteropServices.MemoryMarshal.AsBytes(Array.ConvertAll(numbers, n => n * -3).AsSpan()));
    }
}
