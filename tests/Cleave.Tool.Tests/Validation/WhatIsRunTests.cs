using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using System.Xml.Linq;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Tool.Tests.Validation;

/// <summary>A model that passed was opened and run, in the plans that its build makes.</summary>
public sealed class WhatIsRunTests : IDisposable
{
    private readonly TinyModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [Fact]
    public async Task A_model_that_draws_random_numbers_is_run_and_said_not_to_be_compared()
    {
        Random("Neg");
        string junit = _tiny.Path + ".xml";
        ToolRun run = await ToolRun.Of("validate", _tiny.Save(), "--junit", junit);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains("passed (load and run)", run.Output, StringComparison.Ordinal);
        Assert.Contains("it was run, and nothing was compared", await File.ReadAllTextAsync(junit), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_draws_random_numbers_and_does_not_open_fails()
    {
        Random("NoSuchOperator");
        ToolRun run = await ToolRun.Of("validate", _tiny.Save());
        Assert.Equal(1, run.Code);
        Assert.Contains("ONNX Runtime does not run the model", run.Output, StringComparison.Ordinal);
    }

    /// <summary>Two towers, which pay on two cores only where the batch is large.</summary>
    [Fact]
    public async Task Plans_are_those_of_the_sizes_that_the_item_gives()
    {
        const int width = 8, layers = 2;
        GraphProto graph = _tiny.Model.Graph;
        graph.Node.Clear();
        graph.Initializer.Clear();
        graph.Input[0] = TinyModel.Value("x", TinyModel.Float, "batch", width);
        graph.Output[0] = TinyModel.Value("y", TinyModel.Float, "batch", width);
        foreach (string tower in new[] { "a", "b" })
        {
            for (int i = 0; i < layers; i++)
            {
                TensorProto weight = TinyModel.Weight($"{tower}{i}w", TinyModel.Float, sizeof(float), width * width);
                weight.Dims[0] = width;
                weight.Dims.Add(width);
                graph.Initializer.Add(weight);
                graph.Node.Add(TinyModel.Node("MatMul", [i == 0 ? "x" : $"{tower}{i - 1}", weight.Name], tower + i + "m"));
                graph.Node.Add(TinyModel.Node("Relu", [tower + i + "m"], tower + i));
            }
        }
        graph.Node.Add(TinyModel.Node("Add", [$"a{layers - 1}", $"b{layers - 1}"], "y"));
        string folder = Path.GetDirectoryName(_tiny.Save())!, listing = Path.Combine(folder, "m.graph");
        Assert.DoesNotContain("split against whole", (await ToolRun.Of("validate", _tiny.Path)).Output, StringComparison.Ordinal);

        await File.WriteAllTextAsync(listing, "cleave-listing 1\noptions\n  source \"tiny_model.onnx\"\n  dims \"batch=4096\"\n");
        ToolRun run = await ToolRun.Of("validate", listing, "--project", folder);
        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Contains("split against whole", run.Output, StringComparison.Ordinal);
    }

    /// <summary>Everything else is still seen, on inputs that are made.</summary>
    [Theory]
    [InlineData("other sizes")]
    [InlineData("more inputs")]
    [InlineData("no tensor")]
    public async Task A_recording_that_does_not_fit_fails_alone(string why)
    {
        Assert.Equal(0, (await ToolRun.Of("golden", "--record", _tiny.Save(), "--dims", "batch=2", "--dims", "batch=3")).Code);
        GraphProto graph = _tiny.Model.Graph;
        switch (why)
        {
            case "other sizes":
                graph.Input[0] = TinyModel.Value("x", TinyModel.Float, "batch", 5);
                graph.Output[0] = TinyModel.Value("y", TinyModel.Float, "batch", 5);
                graph.Initializer[0] = TinyModel.Weight("w", TinyModel.Float, sizeof(float), 5);
                break;
            case "more inputs":
                graph.Input.Add(TinyModel.Value("z", TinyModel.Float, "batch", 4));
                break;
            default:
                await File.WriteAllTextAsync(new TestDataFolder(_tiny.Path + ".golden").Input(), "no tensor");
                break;
        }
        string junit = _tiny.Path + ".xml";
        ToolRun run = await ToolRun.Of("validate", _tiny.Save(), "--junit", junit);
        Assert.Equal(1, run.Code);
        Assert.Contains("failed its validation, recorded outputs: ", run.Output, StringComparison.Ordinal);
        XElement[] checks = [.. XDocument.Load(junit).Descendants("testcase")];
        Assert.Contains("whole model as Cleave opens it", checks.Select(static c => c.Attribute("name")!.Value));
        Assert.Equal("recorded outputs", Assert.Single(checks, static c => c.Element("failure") is not null).Attribute("name")!.Value);
    }

    [Fact]
    public async Task A_recording_that_does_not_fit_hides_no_difference_of_another()
    {
        Assert.Equal(0, (await ToolRun.Of("golden", "--record", _tiny.Save(), "--dims", "batch=2", "--dims", "batch=3")).Code);
        await File.WriteAllTextAsync(new TestDataFolder(_tiny.Path + ".golden").Input(), "no tensor");
        _tiny.Model.Graph.Initializer[0].RawData = Google.Protobuf.ByteString.CopyFrom(new byte[] { 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x80, 0x40 });
        ToolRun run = await ToolRun.Of("validate", _tiny.Save());
        Assert.Equal(1, run.Code);
        Assert.Contains("input_0.pb", run.Output, StringComparison.Ordinal);
        Assert.Contains("Besides, the output 'y' is not what test_data_set_1 records", run.Output, StringComparison.Ordinal);
    }

    /// <summary>Nothing can be made for an input of which no rank is known, and what was recorded for it is why nothing was run.</summary>
    [Fact]
    public async Task A_recording_that_does_not_fit_is_said_where_nothing_else_can_be_run()
    {
        _tiny.Model.Graph.Input[0].Type.TensorType.Shape = null;
        Assert.Equal(0, (await ToolRun.Of("golden", "--record", _tiny.Save(), "--dims", "x[0]=2,x[1]=4")).Code);
        await File.WriteAllTextAsync(new TestDataFolder(_tiny.Path + ".golden").Input(), "no tensor");
        ToolRun run = await ToolRun.Of("validate", _tiny.Path);
        Assert.Equal(1, run.Code);
        Assert.Contains("failed its validation, recorded outputs: ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_of_an_earlier_validation_are_gone_where_there_are_no_new_ones()
    {
        string junit = _tiny.Path + ".xml", summary = _tiny.Path + ".md";
        Assert.Equal(0, (await ToolRun.Of("validate", _tiny.Save(), "--junit", junit, "--summary", summary)).Code);
        Assert.Equal(2, (await ToolRun.Of("validate", _tiny.Path, "--junit", junit, "--summary", summary, "--onnxruntime", _tiny.Path + ".so")).Code);
        Assert.False(File.Exists(junit));
        Assert.False(File.Exists(summary));
    }

    private void Random(string operation)
    {
        _tiny.Model.Graph.Node.Add([TinyModel.Node("RandomNormalLike", ["y"], "r"), TinyModel.Node(operation, ["r"], "z")]);
        _tiny.Model.Graph.Output.Add(TinyModel.Value("z", TinyModel.Float, "batch", 4));
    }
}
