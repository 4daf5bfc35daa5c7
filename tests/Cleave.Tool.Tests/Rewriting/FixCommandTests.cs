using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Fixing;
using Cleave.Tool.Measuring;
using Cleave.Tool.Output;
using Cleave.Tool.Running;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Rewriting;

/// <summary>What a user sees of fix: the file, the text, the JSON, refusals that leave nothing behind.</summary>
public sealed class FixCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TempFolder _circle = new();

    private string Better => Path.Combine(_folder.Path, "better.onnx");

    public void Dispose()
    {
        _folder.Dispose();
        _circle.Dispose();
    }

    public static IEnumerable<object[]> Models() => ModelCatalog.All.Where(m => !m.IsBig && !m.HasConstantWeights).Select(m => new object[] { m.Name });

    [Theory]
    [MemberData(nameof(Models))]
    public async Task A_fixed_model_gives_the_same_and_has_nothing_left_to_fix(string name)
    {
        CatalogModel catalog = ModelCatalog.Get(name);
        string[] inputs = [.. Ends(catalog.Samples).Where(s => s.Sizes.Count > 0).SelectMany(s => new[] { "--dims", string.Join(",", s.Sizes.Select(d => $"{d.Key}={d.Value}")) }),
            .. catalog.Ranges.Where(r => r.Value.Low == r.Value.High).SelectMany(r => new[] { "--input", $"{r.Key}={r.Value.Low}" })];
        ToolRun run = await ToolRun.Of(["fix", catalog.Write(ModelCatalog.Folder), "-o", Better, "--no-measure", "--json", .. inputs]);
        Assert.Equal("", run.Error);
        Assert.Equal(0, run.Code);
        Assert.Equal(run.Json.GetProperty("changes").GetArrayLength() > 0, run.Json.GetProperty("outputs").GetArrayLength() > 0);
        string again = Path.Combine(_folder.Path, "again.onnx");
        ToolRun second = await ToolRun.Of("fix", Better, "-o", again);
        Assert.Equal(0, second.Code);
        Assert.Contains("there is nothing to fix", second.Output);
        Assert.Equal(File.ReadAllBytes(Better), File.ReadAllBytes(again));
        Assert.Equal(2, Directory.GetFiles(_folder.Path).Length);
    }

    // With all optimisations ONNX Runtime gives, on the processor, what its own Identity would; that is its choice to make, not that of fix.
    [Fact]
    public async Task A_function_called_like_an_operator_that_does_nothing_stays()
    {
        using TinyModel tiny = new();
        tiny.Model.Graph.Node.Add(TinyModel.Node("Identity", ["y"], "turned"));
        tiny.Model.Graph.Node.Add(TinyModel.Node("Exp", ["turned"], "z"));
        tiny.Model.Graph.Output[0] = TinyModel.Value("z", TinyModel.Float, "batch", 4);
        tiny.Model.Functions.Add(new FunctionProto
        {
            Name = "Identity",
            Input = { "a" },
            Output = { "b" },
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
            Node = { TinyModel.Node("Neg", ["a"], "b") },
        });
        ToolRun run = await ToolRun.Of("fix", tiny.Save(), "-o", Better, "--no-measure");
        Assert.Equal(("", 0), (run.Error, run.Code));
        Assert.Contains("Identity", ModelProto.Parser.ParseFrom(File.ReadAllBytes(Better)).Graph.Node.Select(static n => n.OpType));
    }

    // Two sizes tell what is fixed from what is open.
    private static IEnumerable<DimSample> Ends(IReadOnlyList<DimSample> samples) => samples.Count == 1 ? samples : [samples[0], samples[^1]];

    // Starts real workers: a few seconds.
    [SkippableFact]
    public async Task Each_change_is_measured()
    {
        using TinyModel tiny = new();
        tiny.Model.Graph.Input.Add(TinyModel.Value("w", TinyModel.Float, 4));
        tiny.Model.Graph.Initializer.Add(TinyModel.Weight("unread", TinyModel.Float, 4, 4));
        tiny.Save();
        ToolRun run = await ToolRun.Measured("fix", tiny.Path, "-o", Better, "--json", "--dims", "batch=3");
        Assert.Equal(("", 0), (run.Error, run.Code));
        JsonElement[] changes = [.. run.Json.GetProperty("changes").EnumerateArray()];
        Assert.Equal(["input-initializers", "unused-initializers"], changes.Select(c => c.GetProperty("kind").GetString()));
        Assert.Equal("random, batch=3", run.Json.GetProperty("inputs")[0].GetString());
        Assert.Equal(Better, Assert.Single(Directory.GetFiles(_folder.Path)));
        string? unmeasured = run.Json.GetProperty("notes").EnumerateArray().Select(n => n.GetString()!).FirstOrDefault(n => n.StartsWith("Not everything could be measured: ", StringComparison.Ordinal));
        Skip.If(run.IsDisturbed, "skipped: this machine is too busy. " + unmeasured);
        Assert.Null(unmeasured);
        foreach (JsonElement gain in changes.Select(c => c.GetProperty("gain")).Append(run.Json.GetProperty("gain")))
        {
            Assert.True(gain.GetProperty("before").GetDouble() > 0);
            Assert.True(gain.GetProperty("after").GetDouble() > 0);
            Assert.True(gain.GetProperty("ratio").GetProperty("low").GetDouble() > 0);
        }
    }

    [Fact]
    public async Task The_table_names_each_change()
    {
        using TinyModel tiny = new();
        tiny.Model.Graph.Input.Add(TinyModel.Value("w", TinyModel.Float, 4));
        ToolRun run = await ToolRun.Of("fix", tiny.Save(), "-o", Better, "--no-measure");
        Assert.Equal(0, run.Code);
        Assert.Contains("initializers taken out of the inputs   1", run.Output);
        Assert.Contains("the same bits", run.Output);
        Assert.Contains("written: ", run.Output);
    }

    [Fact]
    public void A_change_that_could_not_be_measured_is_a_row_without_times()
    {
        Gain gain = new(2000, 1000, new Interval(1.5, 2, 2.5));
        FixReport report = new()
        {
            Model = "model.onnx",
            Output = Better,
            OnnxRuntime = "1.30.0",
            Changes = [new FixChange("constant-nodes", "measured", 1, gain), new FixChange("dead-nodes", "not measured", 2, null)],
            Outputs = [new FixedOutput("y", new OutputDifference(0, 0, 0, 0, SameBits: true))],
        };
        StringWriter output = new();

        FixText.Write(report, output);

        string[] lines = output.ToString().Split('\n');
        Assert.Contains("2.00 [1.50, 2.50]", Assert.Single(lines, l => l.Contains("  measured", StringComparison.Ordinal)));
        Assert.EndsWith("2", Assert.Single(lines, l => l.Contains("not measured", StringComparison.Ordinal)).TrimEnd());
    }

    [Fact]
    public async Task A_fixed_batch_becomes_dynamic_where_that_is_proven()
    {
        string model = Fixed("residual");
        ToolRun run = await ToolRun.Of("fix", model, "-o", Better, "--no-measure", "--dynamic-batch", "N");
        Assert.Equal("", run.Error);
        Assert.Contains("batch 'N': proven; 3 samples together", run.Output);
        ModelProto better = Read(Better);
        Assert.All(better.Graph.Input.Concat(better.Graph.Output), v => Assert.Equal("N", v.Type.TensorType.Shape.Dim[0].DimParam));
        Assert.Equal(0, (await ToolRun.Of("verify", Better, "--dims", "N=2", "--partitions", "1")).Code);
        ToolRun again = await ToolRun.Of("fix", Better, "-o", Path.Combine(_folder.Path, "again.onnx"), "--dynamic-batch");
        Assert.Contains("the model has a batch axis already", again.Output);
    }

    [Theory]
    [InlineData("batch_softmax", "(Softmax) mixes samples")]
    [InlineData("batch_centering", "(ReduceMean) mixes samples")]
    [InlineData("batch_dynamic_quantisation", "one scale for the whole batch")]
    public async Task A_batch_that_mixes_samples_is_refused_and_the_node_named(string name, string why)
    {
        ToolRun run = await ToolRun.Of("fix", Fixed(name), "-o", Better, "--dynamic-batch");
        Assert.Equal(1, run.Code);
        Assert.Contains(why, run.Error);
        Assert.False(File.Exists(Better));
    }

    [Fact]
    public async Task A_literal_batch_in_a_Reshape_gives_way()
    {
        using TinyModel tiny = new();
        GraphProto graph = tiny.Model.Graph;
        graph.Input[0] = TinyModel.Value("x", TinyModel.Float, 1, 2, 2);
        graph.Output[0] = TinyModel.Value("y", TinyModel.Float, 1, 4);
        graph.Initializer.Add(new TensorProto { Name = "shape", DataType = (int)Core.Graph.ElementType.Int64, Dims = { 2 }, Int64Data = { 1, -1 } });
        graph.Node.Insert(0, TinyModel.Node("Reshape", ["x", "shape"], "flat"));
        graph.Node[1].Input[0] = "flat";
        // Written for the fixed batch, so true no longer.
        graph.ValueInfo.Add(TinyModel.Value("flat", TinyModel.Float, 1, 4));
        ToolRun run = await ToolRun.Of("fix", tiny.Save(), "-o", Better, "--no-measure", "--dynamic-batch");
        Assert.Equal("", run.Error);
        GraphProto better = Read(Better).Graph;
        Assert.Equal([0L, -1], better.Initializer.Single(i => i.Name == better.Node[0].Input[1]).Int64Data);
        Assert.Equal(2, better.Initializer.Count);
        Assert.Empty(better.ValueInfo);
        Assert.Equal(["batch", ""], better.Output[0].Type.TensorType.Shape.Dim.Select(d => d.DimParam));
    }

    /// <summary>As old exporters write it: the first of what is listed as an input is a number, and has no first dimension.</summary>
    [Fact]
    public async Task A_dynamic_batch_is_measured_in_the_size_of_the_inputs_that_a_caller_gives()
    {
        using TinyModel tiny = new();
        GraphProto graph = tiny.Model.Graph;
        graph.Input[0] = TinyModel.Value("x", TinyModel.Float, 1, 4);
        graph.Output[0] = TinyModel.Value("y", TinyModel.Float, 1, 4);
        graph.Initializer[0] = TinyModel.Weight("w", TinyModel.Float, sizeof(float), 1);
        graph.Initializer[0].Dims.Clear();
        graph.Input.Insert(0, TinyModel.Value("w", TinyModel.Float));
        ToolRun run = await ToolRun.Measured("fix", tiny.Save(), "-o", Better, "--dynamic-batch");
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.DoesNotContain("could be measured", run.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Published_models_get_a_dynamic_batch()
    {
        Skip.IfNot(SharedModels.Exist, SharedModels.WhySkipped);
        ToolRun run = await ToolRun.Of("fix", SharedModels.PathOf("light/light_squeezenet.onnx"), "-o", Better, "--no-measure", "--dynamic-batch");
        Assert.Equal("", run.Error);
        run = await ToolRun.Of("fix", SharedModels.PathOf("ultraface_slim_320.onnx"), "-o", Better, "--no-measure", "--dynamic-batch");
        Assert.Equal("", run.Error);
        Assert.Equal("batch", Read(Better).Graph.Output[0].Type.TensorType.Shape.Dim[0].DimParam);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task External_weights_come_along(bool changes)
    {
        string sub = Directory.CreateDirectory(Path.Combine(_folder.Path, "from")).FullName, to = Directory.CreateDirectory(Path.Combine(_folder.Path, "to")).FullName;
        TestKit.TinyModel tiny = new() { ExternalFile = "weights.bin" };
        ModelProto model = ModelProto.Parser.ParseFrom(tiny.ToBytes());
        if (changes)
            model.Graph.Initializer.Add(TinyModel.Weight("unread", TinyModel.Float, 4, 4));
        string source = Path.Combine(sub, "m.onnx"), target = Path.Combine(to, "m.onnx"), beside = Path.Combine(sub, "beside.onnx");
        File.WriteAllBytes(source, model.ToByteArray());
        File.WriteAllBytes(Path.Combine(sub, "weights.bin"), tiny.WeightBytes);
        Assert.Equal("", (await ToolRun.Of("fix", source, "-o", target, "--no-measure")).Error);
        Assert.Equal("", (await ToolRun.Of("fix", source, "-o", beside, "--no-measure")).Error);
        Assert.Equal(["m.onnx", "m.onnx.data"], Directory.GetFiles(to).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(tiny.WeightBytes, File.ReadAllBytes(target + ".data"));
        Assert.Equal("weights.bin", Read(beside).Graph.Initializer[0].ExternalData[0].Value);
        Assert.Equal(0, (await ToolRun.Of("verify", target)).Code);
        Assert.Contains("holds weights of the model", (await ToolRun.Of("fix", source, "-o", Path.Combine(sub, "weights.bin"))).Error);
    }

    [Fact]
    public async Task What_cannot_be_is_refused_and_leaves_nothing()
    {
        using TinyModel tiny = new();
        string model = tiny.Save(), text = Path.Combine(_folder.Path, "text.onnx");
        File.WriteAllText(text, "no model");
        (string[] Arguments, string Error)[] wrong =
        [
            (["fix", "nowhere.onnx", "-o", Better], "CLV1001"),
            (["fix", text, "-o", Better], "CLV1005"),
            (["fix", model, "-o", model], "the model itself"),
            (["fix", model, "-o", _folder.Path], "a folder"),
            (["fix", model, "-o", Path.Combine(_folder.Path, "none") + Path.DirectorySeparatorChar], "a folder"),
            (["fix", Circle(), "-o", Better], "CLV1014"),
            (["fix", model, "-o", Path.Combine(_folder.Path, "none", "m.onnx")], "does not exist"),
            (["fix", model, "-o", Better, "--dims", "batch"], "--dims batch"),
            // Also where nothing would be compared.
            (["fix", model, "-o", Better, "--dims", "width=3"], "leaves no dimension of that name open; it leaves open batch"),
            (["fix", model, "-o", Better, "--input", "y=1"], "no input of that name; it has x"),
            (["fix", model, "-o", Path.Combine(_folder.Path, new string('n', 250) + ".onnx")], ".onnx: it cannot be written: "),
        ];
        foreach ((string[] arguments, string error) in wrong)
        {
            ToolRun run = await ToolRun.Of(arguments);
            Assert.Equal(1, run.Code);
            Assert.Contains(error, run.Error);
        }
        Assert.Equal(text, Assert.Single(Directory.GetFiles(_folder.Path)));
        Assert.Equal(model, Assert.Single(Directory.GetFiles(Path.GetDirectoryName(model)!)));
    }

    // Two links that lead to each other.
    private string Circle()
    {
        string one = Path.Combine(_circle.Path, "one.onnx"), other = Path.Combine(_circle.Path, "other.onnx");
        File.CreateSymbolicLink(one, other);
        File.CreateSymbolicLink(other, one);
        return one;
    }

    [Fact]
    public async Task Models_that_draw_random_numbers_are_not_changed_unverified()
    {
        using TinyModel tiny = new();
        tiny.Model.Graph.Node.Add(TinyModel.Node("RandomNormalLike", ["y"], "z"));
        tiny.Model.Graph.Output.Add(TinyModel.Value("z", TinyModel.Float, "batch", 4));
        tiny.Model.Graph.Initializer.Add(TinyModel.Weight("unread", TinyModel.Float, 4, 4));
        ToolRun run = await ToolRun.Of("fix", tiny.Save(), "-o", Better);
        Assert.Equal(1, run.Code);
        Assert.Contains("draws random numbers (RandomNormalLike)", run.Error);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    // The model with a batch of 1.
    private string Fixed(string name)
    {
        ModelProto model = Read(ModelCatalog.Get(name).Write(ModelCatalog.Folder));
        foreach (TypeProto.Types.Tensor tensor in model.Graph.Input.Concat(model.Graph.Output).Select(v => v.Type.TensorType))
            tensor.Shape.Dim[0] = new TensorShapeProto.Types.Dimension { DimValue = 1 };
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "fixed")).FullName, path = Path.Combine(folder, name + ".onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    private static ModelProto Read(string path) => ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
}
