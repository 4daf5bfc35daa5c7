using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.OnnxProto;
using Cleave.Tool.Running;
using Xunit;

namespace Cleave.Tool.Tests.Running;

/// <summary>Sizes that are given for some of the open dimensions only, and sizes that nobody gave.</summary>
public sealed class PartialSizesTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public async Task An_item_may_name_some_of_the_open_dimensions()
    {
        _tiny.Model.Graph.Input[0] = TinyModel.Value("x", TinyModel.Float, "batch", "sequence", 4);
        _tiny.Model.Graph.Output[0] = TinyModel.Value("y", TinyModel.Float, "batch", "sequence", 4);
        string listing = Path.Combine(Path.GetDirectoryName(_tiny.Save())!, "m.graph");
        await File.WriteAllTextAsync(listing, "cleave-listing 1\noptions\n  source \"tiny_model.onnx\"\n  dims \"sequence=64\"\n");
        ToolRun run = await ToolRun.Of("validate", listing, "--project", Path.GetDirectoryName(_tiny.Path)!);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.StartsWith("tiny_model.onnx: passed (load and run, whole model as Cleave opens it", run.Output);
    }

    /// <summary>A model that takes batches of three and more only: what is left out is found.</summary>
    [Theory]
    [InlineData("verify", "MODEL", "--dims", "sequence=5", "--json")]
    [InlineData("fix", "MODEL", "-o", "OUT", "--dims", "sequence=5", "--json")]
    [InlineData("golden", "MODEL", "--record", "--dims", "sequence=5")]
    public async Task What_is_left_out_is_a_size_that_the_model_takes(params string[] arguments)
    {
        GraphProto graph = _tiny.Model.Graph;
        graph.Input[0] = TinyModel.Value("x", TinyModel.Float, "rows", "sequence");
        graph.Output[0] = TinyModel.Value("y", TinyModel.Float, "rows", "sequence");
        // Row 2 of it is added.
        graph.Initializer[0] = TinyModel.Weight("w", 7, sizeof(long), 1);
        graph.Initializer[0].RawData = Google.Protobuf.ByteString.CopyFrom(BitConverter.GetBytes(2L));
        graph.Node.Clear();
        graph.Node.Add([TinyModel.Node("Gather", ["x", "w"], "row"), TinyModel.Node("Add", ["x", "row"], "sum"), TinyModel.Node("Identity", ["sum"], "y")]);
        string model = _tiny.Save();
        ToolRun run = await ToolRun.Measured(Array.ConvertAll(arguments, a => a switch { "MODEL" => model, "OUT" => model + ".out", _ => a }));
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains("rows=3,sequence=5", run.Output);
    }

    /// <summary>An item's Dims name dimensions; what has no name can be recorded only.</summary>
    [Theory]
    [InlineData("rows", "--dims rows=1 (in a project the item's Dims)")]
    [InlineData(null, "--dims x[0]=1 (cleave validate takes those that cleave golden --record has recorded)")]
    public async Task Where_sizes_can_be_given_is_said(string? name, string advice)
    {
        using TinyModel tiny = new();
        tiny.Model.Graph.Input[0] = TinyModel.Value("x", TinyModel.Float, name, 4);
        tiny.Model.Graph.Output[0] = TinyModel.Value("y", TinyModel.Float, "found", "many");
        TensorProto shape = new() { Name = "shape", DataType = 7, Dims = { 2 }, Int64Data = { 7, 1000003 } };
        tiny.Model.Graph.Initializer.Add(shape);
        tiny.Model.Graph.Node[0].Output[0] = "s";
        tiny.Model.Graph.Node.Add(TinyModel.Node("Reshape", ["s", "shape"], "y"));
        ToolRun run = await ToolRun.Of("verify", tiny.Save());
        Assert.Equal(1, run.Code);
        Assert.Contains(advice, run.Error, StringComparison.Ordinal);
    }

    /// <summary>Ten open dimensions of 16 each are a million million elements.</summary>
    [Fact]
    public async Task Guessed_sizes_that_make_too_much_are_left_out_and_given_ones_refused()
    {
        object[] shape = [.. Enumerable.Range(0, 10).Select(static i => "d" + i)];
        _tiny.Model.Graph.Input[0] = TinyModel.Value("x", TinyModel.Float, shape);
        _tiny.Model.Graph.Output[0] = TinyModel.Value("y", TinyModel.Float, shape);
        _tiny.Model.Graph.Initializer[0] = TinyModel.Weight("w", TinyModel.Float, sizeof(float), 1);
        string model = _tiny.Save();
        Assert.Equal((0, ""), await Told("fix", model, "-o", model + ".out"));
        Assert.Equal((0, ""), await Told("golden", model, "--record"));
        Assert.Equal((0, ""), await Told("bench", model, "--quick", "--threads", "1", "--callers", "1", "--json"));

        string dims = string.Join(',', shape.Select(static d => d + "=1000"));
        foreach (string[] command in new[] { new[] { "golden", model, "--record" }, ["bench", model, "--quick"], ["verify", model] })
        {
            (int code, string error) = await Told([.. command, "--dims", dims]);
            Assert.Equal(1, code);
            Assert.StartsWith("cleave: error The input 'x' would be too large: 1000 x 1000 x ", error);
        }
    }

    [Fact]
    public void What_is_completed_begins_with_ones_and_is_asked_for_as_it_is_where_nothing_is_left_out()
    {
        OpenDimension[] open = [new("batch", true, true), new("sequence", false, true)];
        DimensionSample given = DimensionSample.Parse("sequence=5");
        Assert.Equal(["batch=1,sequence=5", "batch=2,sequence=5", "batch=3,sequence=5"], given.Completions(open).Select(static s => s.ToString()).Distinct());
        Assert.Same(given, Assert.Single(given.Completions([open[1]])));
    }

    private static async Task<(int Code, string Error)> Told(params string[] arguments)
    {
        ToolRun run = await ToolRun.Measured(arguments);
        return (run.Code, run.Error.StartsWith("measuring ", StringComparison.Ordinal) ? "" : run.Error);
    }
}
