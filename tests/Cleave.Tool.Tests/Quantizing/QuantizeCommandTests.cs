using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.Core.Onnx;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Synthetic;
using Cleave.Tool.Output;
using Cleave.Tool.Quantizing.Forms;
using Cleave.Tool.Quantizing.Operators;
using Cleave.Tool.Rewriting;
using Cleave.Tool.Running;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>What a user sees of quantize: the file, its error, the text, the JSON, refusals that leave nothing behind.</summary>
public sealed class QuantizeCommandTests(QuantizedEncoder encoder) : IClassFixture<QuantizedEncoder>, IDisposable
{
    private const int Side = 32;

    private readonly TempFolder _folder = new();

    private string Target => Path.Combine(_folder.Path, "model.int8.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_transformer_needs_no_data_and_every_product_is_one_operator_of_ONNX_Runtime()
    {
        JsonElement json = encoder.Json;

        Assert.Equal("dynamic", json.GetProperty("form").GetString());
        JsonElement[] chosen = [.. json.GetProperty("operators").EnumerateArray().Where(static o => o.GetProperty("whyNot").ValueKind == JsonValueKind.Null)];
        Assert.NotEmpty(chosen);
        Assert.InRange(json.GetProperty("heldOut").GetProperty("worst").GetDouble(), 1e-6, 0.1);
        Assert.InRange(json.GetProperty("heldOut").GetProperty("cosine").GetDouble(), 0.99, 1);
        string[] optimised = Optimised(encoder.Path);
        Assert.DoesNotContain("MatMulInteger", optimised);
        Assert.Equal(chosen.Length, optimised.Count(static o => o is "DynamicQuantizeMatMul" or "MatMulIntegerToFloat"));
        Assert.Contains(json.GetProperty("notes").EnumerateArray(), static n => n.GetString()!.Contains("has a batch axis (batch), this one has none"));
        // What is lost, beside what is gained, and what would keep it.
        JsonElement batching = json.GetProperty("batching");
        Assert.Equal(("batch", 8), (batching.GetProperty("dimension").GetString(), batching.GetProperty("samples").GetInt32()));
        Assert.True(batching.GetProperty("together").GetDouble() > 0.2);
        Assert.Contains(json.GetProperty("notes").EnumerateArray(), static n => n.GetString()!.Contains("8 samples together take"));
        Assert.Contains(json.GetProperty("notes").EnumerateArray(), static n => n.GetString()!.StartsWith("forms that keep what shares a batch apart need inputs (--inputs), or --allow-ort-operators", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Convolutions_are_quantised_with_the_ranges_of_given_inputs_and_what_lies_between_stays_in_bytes()
    {
        string model = Save(Convolutional.Residual(blocks: 2, channels: 32, Side));

        JsonElement json = (await Quantize(model, "--inputs", Arrays("input", [1, 3, Side, Side], count: 6), "--max-error", "0.2")).Json;

        Assert.StartsWith("static, ", json.GetProperty("form").GetString());
        Assert.Equal(3, json.GetProperty("heldOut").GetProperty("inputs").GetInt32());
        Assert.InRange(json.GetProperty("heldOut").GetProperty("worst").GetDouble(), 1e-6, 0.2);
        string[] optimised = Optimised(Target);
        int convolutions = json.GetProperty("operators").EnumerateArray().Count(static o => o.GetProperty("type").GetString() == "Conv" && o.GetProperty("whyNot").ValueKind == JsonValueKind.Null);
        Assert.True(convolutions >= 4, json.ToString());
        Assert.Equal(convolutions, optimised.Count(static o => o == "QLinearConv"));
    }

    [Fact]
    public async Task The_file_says_what_it_was_made_of()
    {
        using QuantizeFixture files = new();
        string model = files.Save("model.onnx", QuantizeFixture.Layers(2, seed: 1)), made = await files.LayersInBytes("made.onnx", withInputs: true);

        Dictionary<string, string> said = ModelProto.Parser.ParseFrom(File.ReadAllBytes(made)).MetadataProps.ToDictionary(static p => p.Key, static p => p.Value);

        Assert.Equal("sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(model))), said["cleave.quantized.source"]);
        Assert.Equal(2, said["cleave.quantized.calibration"].Split(' ').Length);
        Assert.Equal("0.5", said["cleave.quantized.max_error"]);
        Assert.Equal("any", said["cleave.quantized.cpu"]);
    }

    [Fact]
    public async Task A_budget_that_only_some_operators_fit_leaves_the_others_in_floats_and_the_curve_shows_why()
    {
        string curve = Path.Combine(_folder.Path, "curve.svg");
        double all = encoder.Json.GetProperty("search").GetProperty("worst").GetDouble();

        JsonElement json = (await Quantize(Save(QuantizedEncoder.Floats()), "--dims", QuantizedEncoder.Dims, "--max-error", (all / 1.5).ToString(System.Globalization.CultureInfo.InvariantCulture), "--curve", curve)).Json;

        Assert.Contains(json.GetProperty("operators").EnumerateArray(), static o => o.GetProperty("whyNot").GetString() is "its error does not fit the budget any more" or "the error on other inputs was too large");
        Assert.True(json.GetProperty("heldOut").GetProperty("worst").GetDouble() <= all / 1.5);
        Assert.True(json.GetProperty("curve").GetArrayLength() >= 3);
        Assert.StartsWith("<?xml", File.ReadAllText(curve));
    }

    [Theory]
    [InlineData("--dims", "bacth=3", "--dims bacth: the model leaves no dimension of that name open")]
    [InlineData("--input", "nobody=3", "--input nobody: the model has no input of that name")]
    public async Task A_name_that_the_model_has_not_is_refused(string option, string value, string words)
    {
        ToolRun run = await ToolRun.Of("quantize", Save(QuantizeFixture.Layers(2, seed: 1)), "-o", Target, "--max-error", "0.5", option, value);

        Assert.Equal(1, run.Code);
        Assert.Contains(words, run.Error);
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public void The_text_has_operators_errors_and_times()
    {
        StringWriter output = new();

        QuantizeText.Write(JsonSerializer.Deserialize(encoder.Text, JsonReport.Default.QuantizeReport)!, output);

        string text = output.ToString().ReplaceLineEndings(" ");
        Assert.Contains("operators in 8 bits", text);
        Assert.Contains("inputs that nothing was chosen on", text);
        Assert.Contains("times as fast on one thread", text);
        Assert.Contains("note: the error is that on random inputs", text);
        Assert.Contains("written: " + encoder.Path, text);
    }

    [Fact]
    public async Task A_model_that_gains_too_little_is_left_alone()
    {
        ToolRun run = await ToolRun.Measured("quantize", Save(QuantizeFixture.Layers(2, seed: 1)), "-o", Target, "--max-error", "0.5", "--min-gain", "1000");

        Assert.Equal(1, run.Code);
        Assert.Contains("left alone: 8 bits make it", run.Output.ReplaceLineEndings(" "));
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public async Task Unmeasured_it_is_written_and_says_that_its_gain_is_not_known()
    {
        JsonElement json = (await Quantize(Save(QuantizeFixture.Layers(2, seed: 1)), "--max-error", "0.5")).Json;
        ToolRun both = await ToolRun.Of("quantize", "model.onnx", "-o", Target, "--no-measure", "--min-gain", "2");

        Assert.Equal(JsonValueKind.Null, json.GetProperty("gain").ValueKind);
        Assert.Contains(json.GetProperty("notes").EnumerateArray(), static n => n.GetString()!.Contains("not measured (--no-measure)"));
        Assert.True(File.Exists(Target));
        Assert.Equal(1, both.Code);
        Assert.Contains("--min-gain has no meaning with --no-measure", both.Error);
    }

    [Fact]
    public async Task Where_the_processor_is_not_the_one_that_it_is_for_that_is_said()
    {
        string model = Save(QuantizeFixture.Layers(2, seed: 1));

        JsonElement made = (await Quantize(model, "--max-error", "0.9", "--cpu", "vnni")).Json;
        string inputs = Arrays("x", [64, 512], count: 1);
        ToolRun judged = await ToolRun.Of("verify", Target, "--against", model, "--max-error", "0.9", "--json", "--inputs", inputs);

        Assert.Equal(!Cores.Vnni.IsHere, Notes(made));
        Assert.Equal(("", 0), (judged.Error, judged.Code));
        Assert.Equal(!Cores.Vnni.IsHere, Notes(judged.Json));

        static bool Notes(JsonElement json) => json.GetProperty("notes").EnumerateArray().Any(static n => n.GetString()!.Contains("this processor has no VNNI instructions"));
    }

    public static TheoryData<string, string[], string> Refusals => new()
    {
        { "tiny", [], "There is nothing to quantise" },
        { "computed", [], "2 of these operators read their second factors from what the model computes itself (ConstantOfShape). 1 of these operators lies in a body of If, Loop or Scan" },
        { "residual", [], "Give inputs with --inputs" },
        { "bert_tiny_dynamic", [], "is quantised already" },
        { "bert_tiny_qdq", [], "is quantised already" },
        { "blocks", [], "is quantised already" },
        { "written", [], "is quantised already" },
        { "bert_tiny", ["--max-error", "0"], "give a number above 0" },
        { "bert_tiny", ["--max-error", "much"], "give a number, as in 0.05" },
        // Operators so large that they are measured as faster on a machine under load, too.
        { "mlp_8x512", ["--max-error", "0.0000001"], "No choice of operators has an error of 1E-07 or less; the least that was found is" },
        { "bert_tiny", ["--inputs", "/nowhere"], "there is no such folder" },
        { "residual", ["--inputs", "empty"], "there is nothing in it" },
        { "residual", ["--inputs", "one"], "1 sample is too few" },
        { "residual", ["--inputs", "equal"], "1 sample is too few (of 2, equal ones count once)" },
        { "residual", ["--inputs", "wrong"], "has the shape [1,4,32,32]; the model takes [batch,3,32,32]" },
        { "residual", ["--inputs", "doubles"], "holds double; the model takes float" },
        { "residual", ["--inputs", "ranks"], "has the shape [3,32,32]; the model takes [batch,3,32,32]" },
        { "bert_tiny", ["--inputs", "half"], "input_1.pb is missing; the model has " },
        { "residual", ["--inputs", "endless"], "is no array of NumPy that can be read: its shape has a size that is no number, or too large" },
        { "residual", ["--inputs", "vast"], "is no array of NumPy that can be read: the sizes of its shape are too large" },
        { "residual", ["--inputs", "broken"], "is no array of NumPy that can be read: it does not begin as one" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_cannot_be_done_is_said_and_nothing_is_written(string name, string[] options, string expected)
    {
        using Tests.TinyModel tiny = new();
        string model = name switch
        {
            "tiny" => Save(tiny.Model),
            "computed" => Save(Computed()),
            "blocks" => Save(InBlocks()),
            "written" => encoder.Path,
            "residual" => Save(Convolutional.Residual(blocks: 1, channels: 32, Side)),
            _ => ModelCatalog.Get(name).Write(_folder.Path),
        };
        string[] before = Directory.GetFiles(_folder.Path);
        options = [.. options.Select(o => o switch
        {
            "empty" => Directory.CreateDirectory(Path.Combine(_folder.Path, "empty")).FullName,
            "one" => Arrays("input", [1, 3, Side, Side], count: 1),
            "equal" => Arrays("input", [1, 3, Side, Side], count: 2, seeds: 1),
            "wrong" => Arrays("input", [1, 4, Side, Side], count: 2),
            "doubles" => Arrays("input", [1, 3, Side, Side], count: 2, doubles: true),
            "ranks" => Arrays("input", [3, Side, Side], count: 2),
            "half" => Half(),
            "broken" => Broken(),
            "endless" => Headed("(99999999999999999999,)"),
            "vast" => Headed("(9223372036854775807, 9223372036854775807)"),
            _ => o,
        })];

        ToolRun run = await ToolRun.Of(["quantize", model, "-o", Target, .. options]);

        Assert.Equal(1, run.Code);
        Assert.Contains(expected, (run.Error + run.Output).ReplaceLineEndings(" "));
        Assert.Equal(before, Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_model_whose_results_are_no_numbers_is_refused()
    {
        ModelProto damaged = Convolutional.Residual(blocks: 2, channels: 32, Side);
        TensorProto weight = damaged.Graph.Initializer.First(static i => i.Name.Contains("blocks.1.conv1") && i.Dims.Count == 4);
        byte[] bytes = weight.RawData.ToByteArray();
        BitConverter.TryWriteBytes(bytes, float.NaN);
        weight.RawData = ByteString.CopyFrom(bytes);

        ToolRun run = await ToolRun.Of("quantize", Save(damaged), "-o", Target, "--inputs", Arrays("input", [1, 3, Side, Side], count: 2));

        Assert.Equal(1, run.Code);
        Assert.False(File.Exists(Target));
        Assert.Contains("the output 'y' has elements that are no numbers", run.Error.ReplaceLineEndings(" "));
    }

    // What the command writes with ONNX Runtime's own products, without its metadata.
    private ModelProto InBlocks()
    {
        using ModelUnderTest published = new(Save(QuantizeFixture.Layers(2, seed: 1)));
        ModelProto model = FloatModel.Read(published);
        new BlockForm(7).Apply(model, OperatorFinder.Find(new ModelEdit(model), static _ => { }));
        return model;
    }

    // Weights as ONNX's light models have them, and a product in a branch.
    private static ModelProto Computed()
    {
        GraphProto graph = new() { Name = "computed" };
        graph.Input.Add(Tests.TinyModel.Value("x", Tests.TinyModel.Float, 64, 64));
        graph.Input.Add(Tests.TinyModel.Value("which", (int)Core.Graph.ElementType.Bool));
        graph.Output.Add(Tests.TinyModel.Value("y", Tests.TinyModel.Float, 64, 64));
        graph.Output.Add(Tests.TinyModel.Value("z", Tests.TinyModel.Float, 64, 64));
        graph.Initializer.Add(new TensorProto { Name = "shape", DataType = (int)Core.Graph.ElementType.Int64, Dims = { 2 }, Int64Data = { 64, 64 } });
        graph.Node.Add(Tests.TinyModel.Node("ConstantOfShape", ["shape"], "w"));
        graph.Node.Add(Tests.TinyModel.Node("MatMul", ["x", "w"], "a"));
        graph.Node.Add(Tests.TinyModel.Node("MatMul", ["a", "w"], "y"));
        NodeProto choose = Tests.TinyModel.Node("If", ["which"], "z");
        choose.Attribute.Add(new AttributeProto { Name = "then_branch", Type = AttributeProto.Types.AttributeType.Graph, G = Branch("then", Tests.TinyModel.Node("MatMul", ["y", "w"], "then")) });
        choose.Attribute.Add(new AttributeProto { Name = "else_branch", Type = AttributeProto.Types.AttributeType.Graph, G = Branch("else", Tests.TinyModel.Node("Identity", ["y"], "else")) });
        graph.Node.Add(choose);
        return new ModelProto { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = graph };
    }

    private static GraphProto Branch(string output, NodeProto node) =>
        new() { Name = output, Node = { node }, Output = { Tests.TinyModel.Value(output, Tests.TinyModel.Float, 64, 64) } };

    private async Task<ToolRun> Quantize(string model, params string[] options)
    {
        ToolRun run = await ToolRun.Of(["quantize", model, "-o", Target, "--no-measure", "--json", .. options]);
        Assert.Equal("", run.Error);
        Assert.Equal(0, run.Code);
        return run;
    }

    private string Save(ModelProto model)
    {
        string path = Path.Combine(_folder.Path, "model.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    private string Arrays(string input, long[] shape, int count, bool doubles = false, int seeds = int.MaxValue)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "arrays")).FullName;
        SeededRandom random = new(5);
        double[] Values() => [.. Enumerable.Range(0, (int)shape.Aggregate(1L, static (a, b) => a * b)).Select(_ => random.Fraction())];
        for (int i = 0; i < count; i++)
        {
            if (i % seeds == 0)
                random = new(5);
            File.WriteAllBytes(Path.Combine(folder, $"{input}_{i}.npy"), doubles ? NumpyArray.Of(shape, Values()) : NumpyArray.Of(shape, Array.ConvertAll(Values(), static v => (float)v)));
        }
        return folder;
    }

    private string Broken()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "broken")).FullName;
        File.WriteAllText(Path.Combine(folder, "a.npy"), "not an array of numbers");
        return folder;
    }

    private string Headed(string shape)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "headed")).FullName;
        byte[] header = Encoding.ASCII.GetBytes("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "}\n");
        File.WriteAllBytes(Path.Combine(folder, "a.npy"), [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header, 0, 0, 0, 0]);
        return folder;
    }

    // A set as runners record them, of which only the first input is there.
    private string Half()
    {
        string folder = Path.Combine(_folder.Path, "half");
        TestDataFolder.WriteInput(new TestDataFolder(folder).Set(), new TensorProto { DataType = (int)Core.Graph.ElementType.Int64, Dims = { 1, 1 }, Int64Data = { 1 } });
        return folder;
    }

    private string[] Optimised(string model)
    {
        string path = Path.Combine(_folder.Path, "optimised.onnx");
        using SessionOptions options = new() { OptimizedModelFilePath = path, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        using InferenceSession session = new(model, options);
        return [.. ModelReader.ReadFile(path).Graph.Nodes.Select(static n => n.OpType)];
    }
}
