using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Cleave.TestKit;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Running;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>Which inputs are read from a folder, and which random ones stand in for them.</summary>
public sealed class InputFolderTests : IDisposable
{
    private static readonly long[] Shape = [2, 64];

    private readonly QuantizeFixture _files = new();

    private string Samples => _files.PathOf("samples");

    public void Dispose() => _files.Dispose();

    [Fact]
    public void An_array_of_the_inputs_name_hides_no_other()
    {
        Save("x.npy", 1);
        Save("a.npy", 2);
        Save("more/x.npy", 3);
        Save("more/0/x.npy", 4);

        Assert.Equal([("a.npy", 2f), ("samples", 1f), ("more", 3f), ("0", 4f)], Read().Select(static c => (c.Name, BitConverter.ToSingle(c.Values["x"].Bytes))));
    }

    /// <summary>A folder for each sample: what lies beside the input belongs to it, as a label.</summary>
    [Fact]
    public void Of_a_folder_for_each_sample_only_the_input_is_read()
    {
        Save("0/x.npy", 1);
        Save("0/y.npy", 2);
        Save("1/x.npy", 3);
        Save("1/label.npy", 4);

        Assert.Equal([("0", 1f), ("1", 3f)], Read().Select(static c => (c.Name, BitConverter.ToSingle(c.Values["x"].Bytes))));
    }

    [Fact]
    public void An_array_of_an_outputs_name_beside_the_input_is_none()
    {
        Save("x.npy", 1);
        Save("y.npy", 2);

        Assert.Equal(["samples"], Read("y").Select(static c => c.Name));
        Assert.Equal(2, Read().Count);
    }

    [Fact]
    public void What_a_runner_has_not_finished_is_no_input()
    {
        Save("0.npy", 1);
        // Of several inputs the first is there.
        string draft = Directory.CreateDirectory(Path.Combine(Samples, ".making-0")).FullName;
        File.WriteAllText(TestDataFolder.InputOf(draft), "half of it");

        Assert.Equal("0.npy", Assert.Single(Read()).Name);
    }

    [Fact]
    public void Random_inputs_have_all_sizes_that_are_given_on_both_sides()
    {
        DimensionSample[] given = [.. Enumerable.Range(1, 9).Select(static n => DimensionSample.Parse($"batch={n}"))];

        InputSets sets = Random("batch", new QuantizeOptions { Model = "m", Output = "o", Samples = given });

        foreach (IReadOnlyList<InputCase> side in new[] { sets.Search, sets.HeldOut })
            Assert.Equal(Enumerable.Range(1, 9).Select(static n => (long)n), side.Select(static c => c.Values["x"].Shape[0]).Order());
    }

    [Fact]
    public void No_random_input_is_held_out_that_was_seen()
    {
        QuantizeOptions filled = new() { Model = "m", Output = "o", Fills = new Dictionary<string, double> { ["x"] = 1 } };

        Assert.Contains("All random inputs are the same", Assert.Throws<RefusedException>(() => Random(2, filled)).Message);

        // Two sizes are two inputs.
        InputSets sets = Random("batch", filled with { Samples = [DimensionSample.Parse("batch=1"), DimensionSample.Parse("batch=2")] });
        Assert.Equal((1, 1), (sets.Search.Count, sets.HeldOut.Count));
        Assert.NotEqual(sets.Search[0].Values["x"].Shape, sets.HeldOut[0].Values["x"].Shape);
    }

    private InputSets Random(object batch, QuantizeOptions options)
    {
        using ModelUnderTest model = new(_files.Save("model.onnx", Model(batch)));
        return InputSets.Random(model, options);
    }

    private IReadOnlyList<InputCase> Read(params string[] outputs)
    {
        using ModelUnderTest model = new(_files.Save("model.onnx", Model(2)));
        return InputFolders.Read([Samples], new InputMaker(model.Graph, new Dictionary<string, double>()).Inputs, outputs);
    }

    private void Save(string name, float first)
    {
        string path = Path.Combine(Samples, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, NumpyArray.Of(Shape, [.. Enumerable.Range(0, 128).Select(i => i == 0 ? first : 0f)]));
    }

    private static ModelProto Model(object batch)
    {
        ModelProto model = new() { IrVersion = 8, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Graph = new GraphProto { Name = "one" } };
        model.Graph.Input.Add(Tests.TinyModel.Value("x", (int)ElementType.Float, batch, 64));
        model.Graph.Output.Add(Tests.TinyModel.Value("y", (int)ElementType.Float, batch, 64));
        model.Graph.Node.Add(Tests.TinyModel.Node("Neg", ["x"], "y"));
        return model;
    }
}
