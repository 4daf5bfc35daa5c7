using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Xunit;

namespace Cleave.Tool.Tests.Rewriting;

/// <summary>Parts of models: what is in them, how it is typed, and that ONNX Runtime takes them.</summary>
public sealed class ExtractCommandTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _chain = ModelCatalog.Get("chain").Write(ModelCatalog.Folder);

    private string Part => Path.Combine(_folder.Path, "part.onnx");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Nodes_become_a_model_with_all_types()
    {
        ModelProto whole = ModelProto.Parser.ParseFrom(File.ReadAllBytes(_chain));
        ToolRun run = await ToolRun.Of("extract", _chain, "--nodes", $"2-3,{whole.Graph.Node[4].Name}", "-o", Part);
        Assert.Equal("", run.Error);
        Assert.StartsWith($"{Part}: 3 nodes, ", run.Output);
        GraphProto part = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Part)).Graph;
        Assert.Equal(whole.Graph.Node.Skip(2).Take(3), part.Node);
        Assert.Equal(whole.Graph.Node[1].Output[0], Assert.Single(part.Input).Name);
        Assert.Equal(whole.Graph.Node[4].Output[0], Assert.Single(part.Output).Name);
        foreach (ValueInfoProto value in part.Input.Concat(part.Output).Concat(part.ValueInfo))
        {
            Assert.Equal("batch", value.Type.TensorType.Shape.Dim[0].DimParam);
            Assert.Equal(64, value.Type.TensorType.Shape.Dim[1].DimValue);
        }
        Assert.Equal(whole.Graph.Node.Skip(2).Take(2).Select(n => n.Output[0]).Order(StringComparer.Ordinal), part.ValueInfo.Select(v => v.Name));
        Assert.Equal(0, (await ToolRun.Of("verify", Part, "--partitions", "2")).Code);
    }

    [Fact]
    public async Task One_is_one()
    {
        using TinyModel tiny = new();
        Assert.StartsWith($"{Part}: 1 node, 1 initializer\n", (await ToolRun.Of("extract", tiny.Save(), "--nodes", "0", "-o", Part)).Output);
    }

    [Fact]
    public async Task Outputs_come_with_what_they_need()
    {
        string model = ModelCatalog.Get("two_tower_8x256").Write(ModelCatalog.Folder);
        ModelProto whole = ModelProto.Parser.ParseFrom(File.ReadAllBytes(model));
        Assert.True(whole.Graph.Output.Count + whole.Graph.Input.Count > 2);
        string output = whole.Graph.Node[3].Output[0];
        Assert.Equal("", (await ToolRun.Of("extract", model, "--outputs", output, "-o", Part)).Error);
        GraphProto part = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Part)).Graph;
        Assert.Single(part.Input);
        Assert.Equal(output, Assert.Single(part.Output).Name);
        Assert.True(part.Initializer.Count < whole.Graph.Initializer.Count);
        Assert.Equal(0, (await ToolRun.Of("verify", Part, "--partitions", "1")).Code);
    }

    [Fact]
    public async Task Computed_dimensions_are_left_open_and_constants_come_along()
    {
        string model = ModelCatalog.Get("batch_round_trip").Write(ModelCatalog.Folder);
        ModelProto whole = ModelProto.Parser.ParseFrom(File.ReadAllBytes(model));
        int reshape = whole.Graph.Node.Select((n, i) => (n, i)).First(n => n.n.OpType == "Reshape").i;
        Assert.Equal("", (await ToolRun.Of("extract", model, "--nodes", $"{reshape}", "-o", Part)).Error);
        GraphProto part = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Part)).Graph;
        Assert.Equal("x", Assert.Single(part.Input).Name);
        Assert.Single(part.Initializer);
        TensorShapeProto shape = Assert.Single(part.Output).Type.TensorType.Shape;
        Assert.Equal(TensorShapeProto.Types.Dimension.ValueOneofCase.None, shape.Dim[0].ValueCase);
        Assert.Equal(16, shape.Dim[1].DimValue);
    }

    [Fact]
    public async Task Wrong_names_are_told_the_nearest_and_nothing_is_written()
    {
        ModelProto whole = ModelProto.Parser.ParseFrom(File.ReadAllBytes(_chain));
        string node = whole.Graph.Node[2].Name, value = whole.Graph.Node[2].Output[0];
        (string[] Options, string Error)[] wrong =
        [
            (["--nodes", node + "z"], $"the nearest: '{node}'"),
            (["--nodes", value], "--outputs takes those"),
            (["--nodes", "3-999"], "have the positions 0 to"),
            (["--nodes", ","], "give positions"),
            (["--outputs", value + "z"], $"the nearest: '{value}'"),
            (["--outputs", "x"], "it is an input"),
            (["--nodes", "1", "--outputs", value], "Give either --nodes or --outputs."),
            ([], "Give either --nodes or --outputs."),
        ];
        foreach ((string[] options, string error) in wrong)
        {
            ToolRun run = await ToolRun.Of(["extract", _chain, "-o", Part, .. options]);
            Assert.Equal(1, run.Code);
            Assert.Contains(error, run.Error);
        }
        Assert.Contains("CLV1001", (await ToolRun.Of("extract", "nowhere.onnx", "--nodes", "1", "-o", Part)).Error);
        Assert.Contains("the model itself", (await ToolRun.Of("extract", _chain, "--nodes", "1", "-o", _chain)).Error);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_model_without_nodes_has_none_to_extract()
    {
        using TinyModel tiny = new();
        tiny.Model.Graph.Node.Clear();
        tiny.Model.Graph.Output[0] = tiny.Model.Graph.Input[0].Clone();
        ToolRun run = await ToolRun.Of("extract", tiny.Save(), "--nodes", "0", "-o", Part);
        Assert.Equal(1, run.Code);
        Assert.Contains("--nodes 0: the model has no nodes.", run.Error, StringComparison.Ordinal);
    }
}
