using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Cleave.TestKit.Synthetic;
using Cleave.Tool.Loose;
using Cleave.Tool.Quantizing.Search;
using Cleave.Tool.Running;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary><c>quantize --like</c>: a model that was trained again gets the operators of the earlier file, and its graph.</summary>
public sealed class LikeTests : IDisposable
{
    private readonly QuantizeFixture _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_retrained_model_has_the_same_graph_and_other_weights(bool isStatic)
    {
        string[] inputs = isStatic ? ["--inputs", _files.Inputs("samples", [1, 3, 32, 32], 4)] : [];
        ModelProto second = isStatic ? Retrained(Convolutional.Residual(2, 32, 32)) : QuantizeFixture.Layers(2, seed: 2);
        string previous = _files.PathOf("previous.int8.onnx"), next = _files.PathOf("next.int8.onnx");
        if (isStatic)
            await Written(["quantize", _files.Save("first.onnx", Convolutional.Residual(2, 32, 32)), "-o", previous, "--max-error", "0.5", "--no-measure", .. inputs]);
        else
            await _files.LayersInBytes("previous.int8.onnx");

        // The budget is the earlier one's where none is given, and no gain is asked for.
        ToolRun run = await Written(["quantize", _files.Save("second.onnx", second), "-o", next, "--like", previous, "--no-measure", "--json", .. inputs]);

        Assert.Equal(ListingWriter.Hash(ModelReader.ReadFile(previous)), ListingWriter.Hash(ModelReader.ReadFile(next)));
        Assert.Equal(0.5, run.Json.GetProperty("maxError").GetDouble());
        Dictionary<string, string> before = Said(previous), after = Said(next);
        Assert.Equal(before["cleave.quantized.operators"], after["cleave.quantized.operators"]);
        Assert.Equal(before["cleave.quantized.form"], after["cleave.quantized.form"]);
        Assert.NotEqual(before["cleave.quantized.source"], after["cleave.quantized.source"]);
        Assert.NotEqual(Weights(previous), Weights(next));
    }

    /// <summary>The names together are longer than what is read of other metadata.</summary>
    [Fact]
    public async Task All_operators_of_an_earlier_file_are_known_however_long_their_names()
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(await _files.LayersInBytes("previous.int8.onnx")));
        string[] names = [.. Enumerable.Range(0, 3).Select(static i => new string((char)('a' + i), 30_000))];
        model.MetadataProps.Single(static p => p.Key == QuantisationMetadata.Operators).Value = string.Join('\n', names);
        Assert.Equal(names, PreviousChoice.Read(_files.Save("previous.int8.onnx", model)).Operators);
    }

    [Fact]
    public async Task The_earlier_file_may_be_the_one_that_is_written()
    {
        string file = await _files.LayersInBytes("model.int8.onnx");
        string hash = ListingWriter.Hash(ModelReader.ReadFile(file));

        await Written("quantize", _files.Save("second.onnx", QuantizeFixture.Layers(2, seed: 2)), "-o", file, "--like", file, "--no-measure");

        Assert.Equal(hash, ListingWriter.Hash(ModelReader.ReadFile(file)));
    }

    [Fact]
    public async Task A_file_of_another_graph_is_refused_with_what_differs()
    {
        string two = await _files.LayersInBytes("two.int8.onnx"), three = _files.PathOf("three.int8.onnx"), target = _files.PathOf("never.onnx");
        string twoFloats = _files.Save("two.onnx", QuantizeFixture.Layers(2, seed: 1)), threeFloats = _files.Save("three.onnx", QuantizeFixture.Layers(3, seed: 1));
        await Written("quantize", threeFloats, "-o", three, "--max-error", "0.5", "--no-measure");

        ToolRun more = await ToolRun.Of("quantize", threeFloats, "-o", target, "--like", two), less = await ToolRun.Of("quantize", twoFloats, "-o", target, "--like", three);

        Assert.Equal((1, 1), (more.Code, less.Code));
        Assert.Contains("the graph would be another, so runners could not change to it while they run. Only the", more.Error);
        Assert.Contains("layer2", more.Error);
        Assert.Contains("in 8 bits, which the model has not", less.Error);
        Assert.False(File.Exists(target));
    }

    [Fact]
    public async Task Neither_is_a_budget_exceeded_nor_a_file_taken_that_says_nothing()
    {
        string previous = await _files.LayersInBytes("previous.int8.onnx"), target = _files.PathOf("never.onnx"), floats = _files.Save("first.onnx", QuantizeFixture.Layers(2, seed: 1));

        ToolRun tight = await ToolRun.Of("quantize", floats, "-o", target, "--like", previous, "--max-error", "0.00001"), silent = await ToolRun.Of("quantize", floats, "-o", target, "--like", floats);

        Assert.Equal((1, 1), (tight.Code, silent.Code));
        Assert.Contains("with the same operators the error is ", tight.Error);
        Assert.Contains("1E-05 were allowed", tight.Error);
        Assert.Contains("does not say which operators are in 8 bits", silent.Error);
        Assert.False(File.Exists(target));
    }

    /// <summary>What it is for: a runner of the earlier file, made as the generator would make it, changes to the new one while it runs.</summary>
    [Fact]
    public async Task A_running_application_changes_to_it_and_then_gives_what_the_new_file_gives()
    {
        string previous = await _files.LayersInBytes("previous.int8.onnx"), next = _files.PathOf("next.int8.onnx"), other = _files.PathOf("other.int8.onnx");
        await Written("quantize", _files.Save("second.onnx", QuantizeFixture.Layers(2, seed: 2)), "-o", next, "--like", previous, "--no-measure");
        await Written("quantize", _files.Save("three.onnx", QuantizeFixture.Layers(3, seed: 2)), "-o", other, "--max-error", "0.5", "--no-measure");
        RequestInputs inputs = RequestInputs.For(ModelReader.ReadFile(previous), new Dictionary<string, string>(), new Dictionary<string, string>());
        float[] before = await Fresh(previous), after = await Fresh(next);
        await using LooseRunner running = Runner(previous);

        Assert.Equal(before, Ask(running));
        await running.ReloadAsync(ModelSource.File(next));
        Assert.Equal(after, Ask(running));
        // Of another graph: refused, and the runner stays as it is.
        Assert.Equal("CLV4002", (await Assert.ThrowsAsync<CleaveException>(() => running.ReloadAsync(ModelSource.File(other)))).Id);
        Assert.Equal(after, Ask(running));
        Assert.NotEqual(before, after);

        static LooseRunner Runner(string path) => new(path, LooseDefinition.SpecOf(path, ModelReader.ReadFile(path), new ListingOptions()), new RunnerOptions());

        async Task<float[]> Fresh(string path)
        {
            await using LooseRunner runner = Runner(path);
            return Ask(runner);
        }

        float[] Ask(LooseRunner runner)
        {
            using LooseOutput output = runner.Run(runner.NewRequest(inputs));
            return output.Get<float>(0).ToArray();
        }
    }

    private static async Task<ToolRun> Written(params string[] arguments)
    {
        ToolRun run = await ToolRun.Of(arguments);
        Assert.Equal(("", 0), (run.Error, run.Code));
        return run;
    }

    private static ModelProto Retrained(ModelProto model)
    {
        foreach (TensorProto weights in model.Graph.Initializer.Where(static t => t.DataType == (int)Core.Graph.ElementType.Float && t.Dims.Count == 4))
        {
            byte[] bytes = weights.RawData.ToByteArray();
            for (int at = 0; at < bytes.Length; at += sizeof(float))
                BitConverter.TryWriteBytes(bytes.AsSpan(at), BitConverter.ToSingle(bytes, at) * (at % 3 == 0 ? 1.25f : 0.8f));
            weights.RawData = Google.Protobuf.ByteString.CopyFrom(bytes);
        }
        return model;
    }

    private static Dictionary<string, string> Said(string path) =>
        ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).MetadataProps.ToDictionary(static p => p.Key, static p => p.Value);

    private static string Weights(string path) =>
        string.Join(' ', ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph.Initializer.Where(static t => t.DataType == (int)Core.Graph.ElementType.Int8).Select(static t => t.RawData.ToBase64()));
}
