using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Cleave.TestKit.Damage;
using Google.Protobuf;
using Xunit;
using static Cleave.OnnxProto.AttributeProto.Types;

namespace Cleave.EndToEnd.Tests;

/// <summary>Every kind of damage that <c>bench validation</c> draws from, once, in one project.</summary>
[Collection(Checks.Name)]
public sealed class DamageTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    [Fact]
    public void Each_kind_is_stopped_by_the_build_or_is_one_that_only_running_shows()
    {
        byte[] sound = Sound();
        using ByteSource source = ByteSource.FromBytes(sound);
        string contract = ModelContract.Text(ModelReader.Read(source, CancellationToken.None), "sound.onnx");
        DamagedModel[] damaged = [.. DamageKind.Draw([("sound", sound)], DamageKinds.All.Count, seed: 1)];
        Assert.Equal(DamageKinds.All, damaged.Select(d => d.Kind));

        // A second one, so that two models have one class.
        StringBuilder items = new("<AdditionalFiles Include=\"sound.onnx\" ClassName=\"Twice\" />");
        Consumer app = new Consumer(_packages, "damaged/App").With("sound.onnx", sound).With("Program.cs", "");
        for (int i = 0; i < damaged.Length; i++)
        {
            foreach ((string name, byte[] bytes) in damaged[i].Files)
                app.With(name.Length == 0 ? $"m{i:000}.onnx" : name, bytes);
            app.With($"m{i:000}.onnx.contract.txt", contract);
            items.Append($"<AdditionalFiles Include=\"m{i:000}.onnx\" {damaged[i].Metadata} />");
        }
        app.With("../outside.data", new byte[1 << 16]);
        CommandResult built = app.WithProject(items.ToString()).Build().Failed();

        Dictionary<string, HashSet<string>> found = built.Lines
            .Select(l => Regex.Match(l, @"(m\d\d\d)\.onnx(?:\([\d,]+\))?\s*: error (CLV\d+)")).Where(m => m.Success)
            .GroupBy(m => m.Groups[1].Value).ToDictionary(g => g.Key, g => g.Select(m => m.Groups[2].Value).ToHashSet());
        List<string> wrong = [];
        for (int i = 0; i < damaged.Length; i++)
        {
            DamageKind kind = damaged[i].Kind;
            bool stopped = found.TryGetValue($"m{i:000}", out HashSet<string>? ids);
            bool right = kind.Seen is Seen.Build or Seen.Contract ? stopped && ids!.Overlaps(kind.Ids) : !stopped;
            if (!right)
                wrong.Add($"{kind.Name}: {(stopped ? string.Join(", ", ids!) : "not stopped")}");
        }
        Assert.Empty(wrong);
    }

    private static byte[] Sound()
    {
        Random random = new(1);
        TensorProto Weight(string name, params long[] dims)
        {
            float[] values = [.. Enumerable.Range(0, (int)dims.Aggregate(1L, (a, b) => a * b)).Select(_ => random.NextSingle() - 0.5f)];
            return new() { Name = name, DataType = 1, Dims = { dims }, RawData = ByteString.CopyFrom(values.SelectMany(BitConverter.GetBytes).ToArray()) };
        }
        NodeProto Node(string op, string output, params string[] inputs) => new() { Name = op, OpType = op, Input = { inputs }, Output = { output } };
        ValueInfoProto Value(string name, params long[] dims)
        {
            TypeProto.Types.Tensor tensor = new() { ElemType = 1, Shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "batch" } } } };
            tensor.Shape.Dim.Add(dims.Select(d => new TensorShapeProto.Types.Dimension { DimValue = d }));
            return new() { Name = name, Type = new TypeProto { TensorType = tensor } };
        }
        NodeProto convolution = Node("Conv", "a", "image", "filters");
        convolution.Attribute.Add(new AttributeProto { Name = "kernel_shape", Type = AttributeType.Ints, Ints = { 3, 3 } });
        return new ModelProto
        {
            IrVersion = 7,
            OpsetImport = { new OperatorSetIdProto { Version = 12 } },
            Graph = new GraphProto
            {
                Name = "sound",
                Input = { Value("image", 3, 8, 8) },
                Output = { Value("scores", 100) },
                Initializer = { Weight("filters", 4, 3, 3, 3), Weight("classes", 4, 100) },
                Node = { convolution, Node("Relu", "b", "a"), Node("GlobalAveragePool", "c", "b"), Node("Flatten", "d", "c"), Node("MatMul", "scores", "d", "classes") },
            },
        }.ToByteArray();
    }
}
