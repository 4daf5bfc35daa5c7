using System;
using System.Collections.Generic;
using System.IO;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Rewriting;
using Google.Protobuf;
using Xunit;

namespace Cleave.Tool.Tests.Quantizing;

/// <summary>What cannot be written or run at the end is refused before minutes of searching, and no file is touched.</summary>
public sealed class EarlyRefusalTests : IDisposable
{
    private readonly QuantizeFixture _files = new();

    public void Dispose() => _files.Dispose();

    private string Target => _files.PathOf("made.onnx");

    [Fact]
    public void A_curve_goes_where_it_can_be_written_and_over_no_model()
    {
        byte[] before = File.ReadAllBytes(Model());
        Assert.Contains("does not exist", Refused(Options() with { Curve = _files.PathOf(Path.Combine("nowhere", "curve.svg")) }));
        Assert.Contains("that is a folder", Refused(Options() with { Curve = _files.Folder }));
        Assert.Contains("that is the model itself", Refused(Options() with { Curve = _files.PathOf("model.onnx") }));
        Assert.Contains("that is where the model goes", Refused(Options() with { Curve = Target }));
        Assert.Equal(before, File.ReadAllBytes(_files.PathOf("model.onnx")));
    }

    [Fact]
    public void The_model_and_its_weights_are_spared_by_whatever_way_one_gets_there()
    {
        ModelProto model = QuantizeFixture.Layers(1, seed: 1);
        using TempFolder beside = new();
        string weights = Path.Combine(beside.Path, "weights.bin"), source = Path.Combine(beside.Path, "model.onnx"), link = Path.Combine(beside.Path, "link");
        File.WriteAllBytes(weights, model.Graph.Initializer[0].RawData.ToByteArray());
        model.Graph.Initializer[0].RawData = ByteString.Empty;
        model.Graph.Initializer[0].DataLocation = TensorProto.Types.DataLocation.External;
        model.Graph.Initializer[0].ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "weights.bin" });
        File.WriteAllBytes(source, model.ToByteArray());
        Directory.CreateSymbolicLink(link, beside.Path);
        QuantizeOptions options = new() { Model = source, Output = Path.Combine(beside.Path, "made.onnx") };
        (QuantizeOptions Asked, string Why)[] wrong =
        [
            (options with { Output = Path.Combine(link, "model.onnx") }, "that is the model itself"),
            (options with { Output = weights }, "holds weights of the model"),
            (options with { Output = Path.Combine(link, "weights.bin") }, "holds weights of the model"),
            (options with { Curve = weights }, "holds weights of the model"),
            (options with { Model = Path.Combine(link, "model.onnx"), Output = source }, "that is the model itself"),
        ];
        foreach ((QuantizeOptions asked, string why) in wrong)
            Assert.Contains(why, Assert.Throws<RewriteException>(() => new QuantizeRun(asked, static (_, _) => { }, default).Run()).Message);
        Assert.Equal(3, Directory.GetFileSystemEntries(beside.Path).Length);
    }

    [Theory]
    [InlineData("nothing-of-that-name")]
    [InlineData("model.onnx")]
    public void A_program_is_looked_for_first(string name)
    {
        Model();
        string refusal = Refused(Options() with { Metric = name == "model.onnx" ? _files.PathOf(name) + (OperatingSystem.IsWindows() ? "x" : "") : name });
        Assert.StartsWith("--metric ", refusal);
        Assert.Contains("there is no such program", refusal);
    }

    private string Refused(QuantizeOptions options)
    {
        List<string> done = [];
        string message = Assert.Throws<RewriteException>(() => new QuantizeRun(options, (what, _) => done.Add(what), default).Run()).Message;
        Assert.Equal(["reading"], done);
        Assert.Equal([_files.PathOf("model.onnx")], Directory.GetFileSystemEntries(_files.Folder));
        return message;
    }

    private QuantizeOptions Options() => new() { Model = _files.PathOf("model.onnx"), Output = Target };

    private string Model() => _files.Save("model.onnx", QuantizeFixture.Layers(1, seed: 1));
}
