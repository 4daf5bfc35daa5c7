using System;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Google.Protobuf;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>A model in 8 bits from the command in its package to the build's verdict, as docs/quantize.md has it.</summary>
[Collection(Checks.Name)]
public sealed class QuantizedValidationTests(PackedPackagesInUse inUse)
{
    private const int Rows = 64;
    private const int Width = 512;
    private const string Floats = "models/layer.onnx";
    private const string Bytes = "models/layer.int8.onnx";

    private readonly PackedPackages _packages = inUse.Packages;

    [Fact]
    public void What_is_recorded_decides_whether_8_bits_still_hold_and_new_weights_are_noticed_without_it()
    {
        Consumer app = new Consumer(_packages, "quantised ü/App")
            .WithProject($"""<AdditionalFiles Include="{Bytes}" QuantizedFrom="{Floats}" MaxError="0.05" />""")
            .With(Floats, Layer(seed: 1))
            .With("Program.cs", "System.Console.WriteLine(\"built\");\n");
        string cleave = _packages.Tool;
        string[] validate = ["-p:CleaveValidate=true", "-p:CleaveTool=" + cleave];

        CommandResult made = DotNet.Run(app.Folder, cleave, "quantize", Floats, "-o", Bytes, "--max-error", "0.05", "--no-measure").Succeeded();
        Assert.Contains("written: " + Bytes, made.Output);
        // A build alone knows of which file it was made; what it does on inputs, only inputs show.
        app.Build().Succeeded();
        CommandResult none = app.Build(["--no-restore", .. validate]).Failed();
        Assert.Contains($" : error CLV3008: The model '{Bytes}' failed its validation, 8 bits against floats: there are no inputs to compare both on", none.Output);

        app.With(Floats + ".recorded/usual.npy", Input(outlier: 0));
        Assert.Contains(Bytes + ": passed", app.Build(["--no-restore", .. validate]).Succeeded().Output);
        Assert.Contains(Bytes + ": passed before, unchanged", app.Build(["--no-restore", .. validate]).Succeeded().Output);

        // A feature that the model does not look at stretches the scale, until the others fall on a few bytes.
        app.With(Floats + ".recorded/rare.npy", Input(outlier: 1000));
        CommandResult beyond = app.Build(["--no-restore", .. validate]).Failed();
        Assert.Matches($"error CLV3008: The model '{Bytes}' failed its validation, 8 bits against floats: the output 'y' is .* of its length off on .*rare.npy; 0.05 are allowed", beyond.Output);

        app.With(Floats, Layer(seed: 2));
        CommandResult stale = app.Build("--no-restore").Failed();
        Assert.Contains($"error CLV1026: The model '{Bytes}' in 8 bits is to be made of '{Floats}', but that file has changed since", stale.Output);
    }

    private static byte[] Input(float outlier)
    {
        Random random = new(5);
        float[] values = [.. Enumerable.Range(0, Rows * Width).Select(i => i % Width == 0 ? outlier : random.NextSingle())];
        return NumpyArray.Of([Rows, Width], values);
    }

    // A product that does not look at the first of its features; wide enough that bytes are faster whatever else the machine does.
    private static byte[] Layer(int seed)
    {
        Random random = new(seed);
        float[] weights = [.. Enumerable.Range(0, Width * Width).Select(i => i < Width ? 0 : random.NextSingle() - 0.5f)];
        GraphProto graph = new()
        {
            Name = "layer",
            Input = { Matrix("x") },
            Output = { Matrix("y") },
            Initializer = { new TensorProto { Name = "w", DataType = 1, Dims = { Width, Width }, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(weights.AsSpan())) } },
            Node = { new NodeProto { Name = "layer", OpType = "MatMul", Input = { "x", "w" }, Output = { "y" } } },
        };
        return new ModelProto { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = graph }.ToByteArray();
    }

    private static ValueInfoProto Matrix(string name)
    {
        TypeProto.Types.Tensor tensor = new() { ElemType = 1, Shape = new TensorShapeProto() };
        tensor.Shape.Dim.Add([new TensorShapeProto.Types.Dimension { DimValue = Rows }, new TensorShapeProto.Types.Dimension { DimValue = Width }]);
        return new() { Name = name, Type = new TypeProto { TensorType = tensor } };
    }
}
