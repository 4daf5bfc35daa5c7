using System;
using System.IO;
using System.Threading.Tasks;
using Cleave.OnnxProto;
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
