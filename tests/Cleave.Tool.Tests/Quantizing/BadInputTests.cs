using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.TestKit.Synthetic;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Rewriting;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>Values and weights that no scale fits, and weights elsewhere: said, or done, but never half done.</summary>
public sealed class BadInputTests : IDisposable
{
    private static readonly long[] Picture = [1, 3, 32, 32];

    private readonly QuantizeFixture _files = new();

    private string Target => _files.PathOf("model.int8.onnx");

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Constant_values_get_a_scale()
    {
        string model = _files.Save("model.onnx", Convolutional.Residual(blocks: 1, channels: 32, 32)), zeros = _files.Inputs("zeros", Picture, 3, scale: 0);

        ToolRun run = await ToolRun.Of("quantize", model, "-o", Target, "--inputs", zeros, "--max-error", "0.5", "--no-measure", "--json");

        Assert.Equal(("", 0), (run.Error, run.Code));
        Assert.InRange(run.Json.GetProperty("heldOut").GetProperty("worst").GetDouble(), 0, 0.5);
        Assert.True(File.Exists(Target));
    }

    [Theory]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NaN)]
    public async Task Inputs_that_are_not_finite_are_refused_with_the_output_that_shows_it(float value)
    {
        string model = _files.Save("model.onnx", Convolutional.Residual(blocks: 1, channels: 32, 32)), folder = Directory.CreateDirectory(_files.PathOf("infinite")).FullName;
        for (int i = 0; i < 2; i++)
            File.WriteAllBytes(Path.Combine(folder, $"{i}.npy"), NumpyArray.Of(Picture, Enumerable.Repeat(value, 3 * 32 * 32).ToArray()));

        ToolRun run = await ToolRun.Of("quantize", model, "-o", Target, "--inputs", folder);

        Assert.Equal(1, run.Code);
        Assert.Contains("the output 'y' has elements that are no numbers (NaN), so no error can be stated", run.Error.ReplaceLineEndings(" "));
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public void Weights_that_are_not_finite_stay_in_floats_and_it_is_said()
    {
        ModelProto model = QuantizeFixture.Layers(2, seed: 1);
        TensorProto weight = model.Graph.Initializer.First(static t => t.Dims.Count == 2);
        byte[] bytes = weight.RawData.ToByteArray();
        BitConverter.TryWriteBytes(bytes, float.NaN);
        weight.RawData = ByteString.CopyFrom(bytes);
        ModelEdit edit = new(model);
        OperatorFinder.NameNodes(edit);
        List<LeftInFloats> said = [];

        Assert.Single(OperatorFinder.Find(edit, said.Add));

        LeftInFloats left = Assert.Single(said);
        Assert.Contains("are not all finite numbers: it stays in floats", left.Why);
        Assert.False(left.NeedsOwnOperators);
    }

    [Fact]
    public async Task Weights_in_another_file_are_read_from_there_whatever_their_type_and_the_result_stands_alone()
    {
        ModelProto model = QuantizeFixture.Layers(2, seed: 1);
        GraphProto graph = model.Graph;
        NodeProto last = graph.Node.Single(static n => n.Output[0] == "y");
        last.Output[0] = "all";
        graph.Node.Add(new NodeProto { OpType = "Gather", Name = "turned", Input = { "all", "order" }, Output = { "y" }, Attribute = { OwnOperators.Number("axis", 1) } });
        byte[] order = [.. Enumerable.Range(0, 512).Reverse().SelectMany(static i => BitConverter.GetBytes((long)i))];
        graph.Initializer.Add(new TensorProto { Name = "order", DataType = (int)ElementType.Int64, Dims = { 512 }, RawData = ByteString.CopyFrom(order) });
        using (FileStream data = File.Create(_files.PathOf("weights.bin")))
        {
            foreach (TensorProto tensor in graph.Initializer)
            {
                External(tensor, "weights.bin", data.Position, tensor.RawData.Length);
                data.Write(tensor.RawData.Span);
                tensor.RawData = ByteString.Empty;
            }
        }
        string elsewhere = Directory.CreateDirectory(_files.PathOf("elsewhere")).FullName, target = Path.Combine(elsewhere, "model.int8.onnx");

        ToolRun run = await ToolRun.Of("quantize", _files.Save("model.onnx", model), "-o", target, "--max-error", "0.5", "--no-measure");

        Assert.Equal(("", 0), (run.Error, run.Code));
        // Nothing that it was made with is left beside it.
        Assert.Equal([target], Directory.GetFileSystemEntries(elsewhere));
        using Microsoft.ML.OnnxRuntime.InferenceSession session = new(target);
        Assert.Equal(["y"], session.OutputNames);
    }

    [Fact]
    public async Task Weights_in_another_file_that_is_not_there_are_named()
    {
        ModelProto model = QuantizeFixture.Layers(1, seed: 1);
        External(model.Graph.Initializer[0], "gone.bin", 0, model.Graph.Initializer[0].RawData.Length);
        model.Graph.Initializer[0].RawData = ByteString.Empty;

        ToolRun run = await ToolRun.Of("quantize", _files.Save("model.onnx", model), "-o", Target);

        Assert.Equal(1, run.Code);
        Assert.Contains("gone.bin", run.Error);
        Assert.False(File.Exists(Target));
    }

    /// <summary>The file is sparse, and is refused before it is read.</summary>
    [Fact]
    public async Task Weights_of_more_than_2_GB_are_refused_before_they_are_read()
    {
        const int side = 24_000;
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "large" } };
        model.Graph.Input.Add(Tests.TinyModel.Value("x", Tests.TinyModel.Float, 1, side));
        model.Graph.Output.Add(Tests.TinyModel.Value("y", Tests.TinyModel.Float, 1, side));
        model.Graph.Node.Add(Tests.TinyModel.Node("MatMul", ["x", "w"], "y"));
        TensorProto weight = new() { Name = "w", DataType = (int)ElementType.Float, Dims = { side, side } };
        External(weight, "large.bin", 0, 4L * side * side);
        model.Graph.Initializer.Add(weight);
        using (FileStream data = File.Create(_files.PathOf("large.bin")))
            data.SetLength(4L * side * side);

        ToolRun run = await ToolRun.Of("quantize", _files.Save("model.onnx", model), "-o", Target);

        Assert.Equal(1, run.Code);
        Assert.Contains("Model and weights together have over 2 GB", run.Error);
        Assert.False(File.Exists(Target));
    }

    private static void External(TensorProto tensor, string file, long offset, long length)
    {
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        foreach ((string key, string value) in new[] { ("location", file), ("offset", FormattableString.Invariant($"{offset}")), ("length", FormattableString.Invariant($"{length}")) })
            tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
    }
}
