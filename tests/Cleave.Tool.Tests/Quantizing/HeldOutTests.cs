using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Passes.Partitions;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.Tool.Rewriting;
using Xunit;
using static Cleave.Tool.Tests.TinyModel;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>What is said where inputs that were held out decided something, and where the error is larger on those that it was made with.</summary>
public sealed class HeldOutTests : IDisposable
{
    private const int Rows = 64;
    private const int Width = 512;

    private readonly QuantizeFixture _files = new();

    private string Target => _files.PathOf("model.int8.onnx");

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Inputs_on_which_operators_went_back_to_floats_are_never_called_unseen()
    {
        string[] quantize = ["quantize", Products("steady", "fragile"), "-o", Target, "--max-error", "0.1", "--no-measure", "--inputs", Samples(outlier: 1)];

        ToolRun json = await ToolRun.Of([.. quantize, "--json"]), text = await ToolRun.Of(quantize);

        Assert.Equal(("", 0), (json.Error, json.Code));
        Assert.True(json.Json.GetProperty("heldOutWasChosenOn").GetBoolean());
        Assert.Contains(json.Json.GetProperty("notes").EnumerateArray(), static n => n.GetString()!.Contains("on other inputs it may be larger"));
        Assert.DoesNotContain("nothing was chosen on", text.Output.ReplaceLineEndings(" "));
        Assert.Contains("on 2 inputs that were held out first and then chosen on, too", text.Output.ReplaceLineEndings(" "));
        Assert.Equal(4, ModelProto.Parser.ParseFrom(File.ReadAllBytes(Target)).MetadataProps.Single(static p => p.Key == "cleave.quantized.calibration").Value.Split(' ').Length);
    }

    [Fact]
    public async Task The_same_operators_as_before_are_within_the_budget_on_all_inputs()
    {
        string model = Products("fragile"), previous = _files.PathOf("previous.int8.onnx");
        ToolRun first = await ToolRun.Of("quantize", model, "-o", previous, "--max-error", "0.1", "--no-measure");
        Assert.Equal(("", 0), (first.Error, first.Code));

        ToolRun run = await ToolRun.Of("quantize", model, "-o", Target, "--like", previous, "--no-measure", "--inputs", Samples(outlier: 0));

        Assert.Equal(1, run.Code);
        Assert.Contains("with the same operators the error is ", run.Error.ReplaceLineEndings(" "));
        Assert.False(File.Exists(Target));
    }

    // Four; every second one has a first column beside which nothing else is left in bytes.
    private string Samples(int outlier)
    {
        string folder = Directory.CreateDirectory(_files.PathOf("samples")).FullName;
        for (int i = 0; i < 4; i++)
        {
            SeededRandom random = new((ulong)i + 1);
            File.WriteAllBytes(Path.Combine(folder, $"{i}.npy"), NumpyArray.Of([Rows, Width], [.. Enumerable.Range(0, Rows * Width).Select(at => (float)random.Fraction() + (at % Width == 0 && i % 2 == outlier ? 1000 : 0))]));
        }
        return folder;
    }

    // A product for each name, which all read the same. One called fragile does not look at the first column.
    private string Products(params string[] names)
    {
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "products" } };
        model.Graph.Input.Add(Value("x", Float, Rows, Width));
        SeededRandom random = new(4);
        foreach (string name in names)
        {
            model.Graph.Output.Add(Value(name + "_y", Float, Rows, Width));
            model.Graph.Initializer.Add(FloatTensors.Make(
                name + "_w", [Width, Width], [.. Enumerable.Range(0, Width * Width).Select(i => i < Width && name == "fragile" ? 0 : (float)random.Fraction() - 0.4f)]));
            model.Graph.Node.Add(new NodeProto { OpType = "MatMul", Name = name, Input = { "x", name + "_w" }, Output = { name + "_y" } });
        }
        return _files.Save("model.onnx", model);
    }
}
