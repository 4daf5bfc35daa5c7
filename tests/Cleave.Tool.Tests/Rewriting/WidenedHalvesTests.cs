using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Rewriting;

/// <summary>Floats of 16 bits that fix and verify compute in 32.</summary>
public sealed class WidenedHalvesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Fix_widens_where_that_is_asked_for_and_keeps_inputs_outputs_and_weights()
    {
        string path = Model(), wide = Path.Combine(_folder.Path, "wide.onnx");
        ToolRun run = await ToolRun.Of("fix", path, "-o", wide, "--no-measure", "--json", "--widen", "--dims", "batch=2,sequence=8");
        Assert.Equal("", run.Error);
        Assert.Equal(0, run.Code);
        Assert.Contains("widened-floats", run.Json.GetProperty("changes").EnumerateArray().Select(c => c.GetProperty("kind").GetString()));
        GraphProto before = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph, after = ModelProto.Parser.ParseFrom(File.ReadAllBytes(wide)).Graph;
        Assert.Equal(before.Input, after.Input);
        Assert.Equal(before.Output, after.Output);
        Assert.Equal(HalfBytes(before), HalfBytes(after));
        // Every weight of 16 bits is read by a Cast alone.
        Assert.All(after.Initializer.Where(t => t.DataType == (int)ElementType.Float16), t =>
            Assert.All(after.Node.Where(n => n.Input.Contains(t.Name)), n => Assert.Equal("Cast", n.OpType)));
        // Again there is nothing to widen but the casts at the border, which are.
        ToolRun plain = await ToolRun.Of("fix", path, "-o", wide, "--no-measure", "--json", "--dims", "batch=2,sequence=8");
        Assert.DoesNotContain("widened-floats", plain.Json.GetProperty("changes").EnumerateArray().Select(c => c.GetProperty("kind").GetString()));
    }

    [Fact]
    public async Task A_widened_model_has_nothing_left_to_widen()
    {
        string wide = Path.Combine(_folder.Path, "wide.onnx"), again = Path.Combine(_folder.Path, "again.onnx");
        string[] more = ["--no-measure", "--json", "--widen", "--dims", "batch=2,sequence=8"];
        Assert.Equal(0, (await ToolRun.Of(["fix", Model(), "-o", wide, .. more])).Code);
        ToolRun second = await ToolRun.Of(["fix", wide, "-o", again, .. more]);
        Assert.Equal(("", 0), (second.Error, second.Code));
        Assert.Empty(second.Json.GetProperty("changes").EnumerateArray());
        Assert.Equal("--widen: the model computes nothing in 16 bits.", Assert.Single(second.Json.GetProperty("notes").EnumerateArray()).GetString());
        Assert.Equal(File.ReadAllBytes(wide), File.ReadAllBytes(again));
    }

    /// <summary>That is what widening is for: the published file is the one that is off.</summary>
    [Fact]
    public async Task Fix_widens_where_the_published_file_is_infinite_and_the_widened_one_is_not()
    {
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "large" } };
        model.Graph.Input.Add(Tests.TinyModel.Value("x", (int)ElementType.Float16, 2, 4));
        model.Graph.Output.Add(Tests.TinyModel.Value("y", (int)ElementType.Float16, 3, 4));
        model.Graph.Initializer.Add([Int64("zero", 0), Int64("three", 3)]);
        NodeProto joined = Tests.TinyModel.Node("Concat", ["square", "square"], "joined");
        joined.Attribute.Add(new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = 0 });
        // Two that move elements in 16 bits: ONNX Runtime computes a single one in 32. Identity is removed by another step.
        model.Graph.Node.Add([
            Tests.TinyModel.Node("Mul", ["x", "x"], "square"), joined, Tests.TinyModel.Node("Slice", ["joined", "zero", "three", "zero"], "part"), Tests.TinyModel.Node("Sqrt", ["part"], "root"),
            Tests.TinyModel.Node("Identity", ["root"], "same"), Tests.TinyModel.Node("Neg", ["same"], "y"),
        ]);
        string path = Path.Combine(_folder.Path, "large.onnx"), wide = Path.Combine(_folder.Path, "wide.onnx");
        File.WriteAllBytes(path, model.ToByteArray());

        string[] fix = ["fix", path, "-o", wide, "--no-measure", "--widen", "--input", "x=1000"];
        ToolRun run = await ToolRun.Of([.. fix, "--json"]), text = await ToolRun.Of(fix);

        Assert.Equal(("", 0), (run.Error, run.Code));
        Assert.Equal(["widened-floats", "pass-through-nodes"], run.Json.GetProperty("changes").EnumerateArray().Select(c => c.GetProperty("kind").GetString()));
        Assert.True(File.Exists(wide));
        Assert.Contains("no further from 32 bits than the published file", text.Output.ReplaceLineEndings(" "));

        static TensorProto Int64(string name, long value) => new() { Name = name, DataType = (int)ElementType.Int64, Dims = { 1 }, Int64Data = { value } };
    }

    [Fact]
    public async Task Fix_says_why_it_does_not_widen()
    {
        ToolRun run = await ToolRun.Of("fix", ModelCatalog.Get("chain").Write(ModelCatalog.Folder), "-o", Path.Combine(_folder.Path, "x.onnx"), "--no-measure", "--json", "--widen");
        Assert.Equal(0, run.Code);
        Assert.Contains("--widen: the model computes nothing in 16 bits.", run.Json.GetProperty("notes").EnumerateArray().Select(n => n.GetString()));
    }

    [Fact]
    public async Task Verify_compares_the_file_and_the_runner_with_32_bits()
    {
        ToolRun run = await ToolRun.Of("verify", Model(), "--partitions", "1", "--json", "--dims", "batch=2,sequence=8");
        Assert.Equal("", run.Error);
        Assert.Equal(0, run.Code);
        JsonElement precision = run.Json.GetProperty("precision");
        Assert.Equal(JsonValueKind.Null, precision.GetProperty("whyNot").ValueKind);
        Assert.NotEqual(0, precision.GetProperty("outputs").GetArrayLength());
        foreach (JsonElement output in precision.GetProperty("outputs").EnumerateArray())
        {
            double published = output.GetProperty("published").GetProperty("ofRange").GetDouble(), widened = output.GetProperty("widened").GetProperty("ofRange").GetDouble();
            // What remains is the rounding of the output itself.
            Assert.InRange(widened, 0, 6e-4);
            Assert.True(widened <= published, $"{widened} and {published}");
        }
        Assert.Equal(JsonValueKind.Null, (await ToolRun.Of("verify", ModelCatalog.Get("chain").Write(ModelCatalog.Folder), "--partitions", "1", "--json")).Json.GetProperty("precision").ValueKind);
    }

    [Fact]
    public async Task Weights_that_are_inputs_too_are_compared()
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Model()));
        model.Graph.Input.Add(model.Graph.Initializer.Select(t => new ValueInfoProto
        {
            Name = t.Name,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = t.DataType, Shape = new TensorShapeProto { Dim = { t.Dims.Select(d => new TensorShapeProto.Types.Dimension { DimValue = d }) } } } },
        }));
        string path = Path.Combine(_folder.Path, "inputs.onnx");
        File.WriteAllBytes(path, model.ToByteArray());
        ToolRun run = await ToolRun.Of("verify", path, "--partitions", "1", "--json", "--dims", "batch=2,sequence=8");
        Assert.Equal(("", 0), (run.Error, run.Code));
        Assert.NotEqual(0, run.Json.GetProperty("precision").GetProperty("outputs").GetArrayLength());
    }

    private static string Model() => ModelCatalog.Get("bert_tiny_fp16").Write(ModelCatalog.Folder);

    private static long HalfBytes(GraphProto graph) => graph.Initializer.Where(t => t.DataType == (int)ElementType.Float16).Sum(t => (long)t.RawData.Length + (t.Int32Data.Count * 2))
        + graph.Node.SelectMany(n => n.Attribute).Where(a => a.T?.DataType == (int)ElementType.Float16).Sum(a => (long)a.T.RawData.Length + (a.T.Int32Data.Count * 2));
}
