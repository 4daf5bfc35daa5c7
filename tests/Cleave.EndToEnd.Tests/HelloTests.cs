using System;
using System.IO;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>sample-app/Hello, the smallest application: copied alone, as somebody would who begins with it.</summary>
[Collection(Applications.Name)]
public sealed class HelloTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    private static readonly string Source = Path.Combine(SharedModels.Repository, "sample-app", "Hello");

    /// <summary>The committed model is what the code makes. UPDATE_GOLDEN=1 writes it anew.</summary>
    [Fact]
    public void The_committed_model_turns_colours_into_luma()
    {
        string path = Path.Combine(Source, "models", "luma.onnx");
        byte[] model = Luma().ToByteArray();
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
            File.WriteAllBytes(path, model);
        Assert.Equal(model, File.ReadAllBytes(path));
    }

    [Fact]
    public void It_prints_the_luma_of_four_pixels()
    {
        string folder = Path.Combine(_packages.Root, "hello");
        foreach (string file in new[] { "Hello.csproj", "Program.cs", "models/luma.onnx" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, file))!);
            File.Copy(Path.Combine(Source, file), Path.Combine(folder, file));
        }
        _packages.Build(folder, "build", "-p:CleaveVersion=" + _packages.Version, "-p:OnnxRuntimeVersion=" + PackedPackages.OnnxRuntimeVersion, "-o", "out").Succeeded();
        // The weights of the three colours, and their sum.
        Assert.Contains("0.2126  0.7152  0.0722  1.0000", DotNet.Run(folder, DotNet.Host, Path.Combine("out", "Hello.dll")).Succeeded().Output);
    }

    // One convolution of 1 x 1 with the weights of ITU-R BT.709. The element type 1 is float.
    private static ModelProto Luma() => new()
    {
        IrVersion = 8,
        ProducerName = "Cleave",
        OpsetImport = { new OperatorSetIdProto { Version = 17 } },
        Graph = new GraphProto
        {
            Name = "luma",
            Input = { Plane("rgb", 3) },
            Output = { Plane("luma", 1) },
            Initializer = { new TensorProto { Name = "weights", DataType = 1, Dims = { 1, 3, 1, 1 }, FloatData = { 0.2126f, 0.7152f, 0.0722f } } },
            Node = { new NodeProto { OpType = "Conv", Input = { "rgb", "weights" }, Output = { "luma" } } },
        },
    };

    private static ValueInfoProto Plane(string name, int channels)
    {
        TensorShapeProto shape = new()
        {
            Dim =
            {
                new TensorShapeProto.Types.Dimension { DimValue = 1 }, new TensorShapeProto.Types.Dimension { DimValue = channels },
                new TensorShapeProto.Types.Dimension { DimParam = "height" }, new TensorShapeProto.Types.Dimension { DimParam = "width" },
            },
        };
        return new() { Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1, Shape = shape } } };
    }
}
