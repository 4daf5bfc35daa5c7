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
using Cleave.Tool.Quantizing.Operators;
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
        string model = _files.Save("model.onnx", Convolutional.Residual(blocks: 1, channels: 32, 32)), zeros = _files.Inputs("zeros", Picture, 1, scale: 0);
        // Another one, which is held out, and as good as constant.
        File.WriteAllBytes(Path.Combine(zeros, "1.npy"), NumpyArray.Of(Picture, Enumerable.Repeat(1e-6f, 3 * 32 * 32).ToArray()));

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
            File.WriteAllBytes(Path.Combine(folder, $"{i}.npy"), NumpyArray.Of(Picture, Enumerable.Repeat(value, 3 * 32 * 32).Select((v, at) => at == i ? 0 : v).ToArray()));

        ToolRun run = await ToolRun.Of("quantize", model, "-o", Target, "--inputs", folder);

        Assert.Equal(1, run.Code);
        Assert.Contains("the output 'y' has elements that are no numbers (NaN), so no error can be stated", run.Error.ReplaceLineEndings(" "));
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public async Task An_operator_whose_result_is_not_finite_stays_in_floats()
    {
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "infinite" } };
        GraphProto graph = model.Graph;
        graph.Input.Add(Tests.TinyModel.Value("x", Tests.TinyModel.Float, 1, 3, 32, 32));
        graph.Output.Add(Tests.TinyModel.Value("y", Tests.TinyModel.Float, 1, 32, 28, 28));
        graph.Initializer.Add([Weights("w0", 32, 3, 3, 3), Weights("w1", 32, 32, 3, 3), FloatTensors.Make("b", [32], [float.NegativeInfinity, .. new float[31]])]);
        graph.Node.Add([Tests.TinyModel.Node("Conv", ["x", "w0", "b"], "a"), Tests.TinyModel.Node("Sigmoid", ["a"], "s"), Tests.TinyModel.Node("Conv", ["s", "w1"], "y")]);

        ToolRun run = await ToolRun.Of("quantize", _files.Save("model.onnx", model), "-o", Target, "--inputs", _files.Inputs("pictures", Picture, 4), "--max-error", "0.5", "--no-measure", "--json");

        Assert.Equal(("", 0), (run.Error, run.Code));
        Assert.Contains("'a' has elements that are not finite", run.Json.GetProperty("operators").EnumerateArray().Select(static o => o.GetProperty("whyNot").GetString()));
        Assert.InRange(run.Json.GetProperty("heldOut").GetProperty("worst").GetDouble(), 1e-6, 0.5);

        static TensorProto Weights(string name, params long[] dims)
        {
            Core.Passes.Partitions.SeededRandom random = new(3);
            return FloatTensors.Make(name, dims, [.. Enumerable.Range(0, (int)dims.Aggregate(1L, static (a, b) => a * b)).Select(_ => (float)random.Fraction() - 0.5f)]);
        }
    }

    [Fact]
    public async Task Where_no_operator_has_a_scale_that_is_the_reason()
    {
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "infinite" } };
        GraphProto graph = model.Graph;
        graph.Input.Add(Tests.TinyModel.Value("x", Tests.TinyModel.Float, 1, 3, 32, 32));
        graph.Output.Add(Tests.TinyModel.Value("y", Tests.TinyModel.Float, 1, 32, 30, 30));
        graph.Initializer.Add([FloatTensors.Make("w", [32, 3, 3, 3], [.. Enumerable.Range(0, 32 * 27).Select(static i => (i % 7) - 3f)]), FloatTensors.Make("b", [32], [float.NegativeInfinity, .. new float[31]])]);
        graph.Node.Add([Tests.TinyModel.Node("Conv", ["x", "w", "b"], "a"), Tests.TinyModel.Node("Sigmoid", ["a"], "y")]);

        ToolRun run = await ToolRun.Of("quantize", _files.Save("model.onnx", model), "-o", Target, "--inputs", _files.Inputs("pictures", Picture, 4), "--no-measure");

        Assert.Equal(1, run.Code);
        Assert.Contains("'a' has elements that are not finite", run.Error.ReplaceLineEndings(" "));
    }

    [Fact]
    public async Task Inputs_that_would_be_read_from_one_file_are_named()
    {
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "two" } };
        model.Graph.Input.Add([Tests.TinyModel.Value("a/x", Tests.TinyModel.Float, 4, 64), Tests.TinyModel.Value("b/x", Tests.TinyModel.Float, 4, 64)]);
        model.Graph.Output.Add(Tests.TinyModel.Value("y", Tests.TinyModel.Float, 4, 64));
        model.Graph.Initializer.Add(FloatTensors.Make("w", [64, 64], [.. Enumerable.Range(0, 64 * 64).Select(static i => (i % 9) - 4f)]));
        model.Graph.Node.Add([Tests.TinyModel.Node("Add", ["a/x", "b/x"], "s"), Tests.TinyModel.Node("MatMul", ["s", "w"], "y")]);
        string folder = _files.PathOf("sets");
        foreach (string set in new[] { "0", "1" })
        {
            Directory.CreateDirectory(Path.Combine(folder, set));
            File.WriteAllBytes(Path.Combine(folder, set, "x.npy"), NumpyArray.Of([4, 64], new float[4 * 64]));
        }

        ToolRun run = await ToolRun.Of("quantize", _files.Save("model.onnx", model), "-o", Target, "--inputs", folder);

        Assert.Equal(1, run.Code);
        Assert.Contains("the inputs 'a/x' and 'b/x' would all be read from x.npy", run.Error.ReplaceLineEndings(" "));
    }

    /// <summary>The benchmarks count a model that is left alone as one that got no slower, and a failure as none.</summary>
    [Fact]
    public void A_refusal_says_whether_it_is_an_answer_or_a_failure()
    {
        using Tests.TinyModel tiny = new();
        string model = _files.Save("tiny.onnx", tiny.Model);

        Assert.True(Refused(Target).IsAnswer);
        Assert.False(Refused(model).IsAnswer);

        RewriteException Refused(string output) =>
            Assert.Throws<RewriteException>(() => new QuantizeRun(new QuantizeOptions { Model = model, Output = output }, static (_, _) => { }, default).Run());
    }

    [Fact]
    public void Weights_of_16_bits_are_named_with_what_to_do()
    {
        GraphProto graph = new() { Initializer = { new TensorProto { Name = "w", DataType = (int)ElementType.Float16, Dims = { 64, 64 } } } };

        Assert.Contains("Its weights have 16 bits: export the model in 32, and quantise that", NothingToQuantise.Message(graph, []));
        Assert.DoesNotContain("16 bits", NothingToQuantise.Message(new GraphProto(), []));
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

    /// <summary>Its results are numbers all the same: what is none is put out of sight behind it.</summary>
    [Fact]
    public async Task A_model_with_weights_that_are_not_finite_is_quantised_but_for_them()
    {
        ModelProto model = QuantizeFixture.Layers(2, seed: 1);
        GraphProto graph = model.Graph;
        graph.Node.Single(static n => n.Output[0] == "y").Output[0] = "all";
        float[] damaged = [.. Enumerable.Repeat(0.1f, 512 * 512)];
        damaged[7] = float.NaN;
        graph.Initializer.Add([FloatTensors.Make("damaged", [512, 512], damaged), FloatTensors.Make("nothing", [], [0f])]);
        graph.Node.Add([
            new NodeProto { OpType = "MatMul", Name = "blind", Input = { "x", "damaged" }, Output = { "a" } },
            Tests.TinyModel.Node("IsNaN", ["a"], "none"), Tests.TinyModel.Node("Where", ["none", "nothing", "a"], "b"), Tests.TinyModel.Node("Add", ["all", "b"], "y"),
        ]);

        ToolRun run = await ToolRun.Of("quantize", _files.Save("model.onnx", model), "-o", Target, "--inputs", _files.Samples(), "--max-error", "0.5", "--no-measure", "--json");

        Assert.Equal(("", 0), (run.Error, run.Code));
        Assert.Contains("the weights of 'blind' are not all finite numbers: it stays in floats", run.Json.GetProperty("notes").EnumerateArray().Select(static n => n.GetString()));
        Assert.DoesNotContain(run.Json.GetProperty("operators").EnumerateArray(), static o => o.GetProperty("node").GetString() == "blind");
        Assert.InRange(run.Json.GetProperty("heldOut").GetProperty("worst").GetDouble(), 1e-6, 0.5);
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

        ToolRun run = await ToolRun.Of("quantize", _files.Save("model.onnx", model), "-o", target, "--max-error", "0.5", "--no-measure", "--json");

        Assert.Equal(("", 0), (run.Error, run.Code));
        // Nothing that it was made with is left beside it.
        Assert.Equal([target], Directory.GetFileSystemEntries(elsewhere));
        using Microsoft.ML.OnnxRuntime.InferenceSession session = new(target);
        Assert.Equal(["y"], session.OutputNames);
        // Its size is that of both files.
        Assert.InRange(run.Json.GetProperty("modelBytes").GetInt64(), new FileInfo(_files.PathOf("weights.bin")).Length, new FileInfo(_files.PathOf("weights.bin")).Length + 100_000);
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
