using System;
using System.Collections.Generic;
using System.IO;
using Cleave.Tool.Quantizing;
using Cleave.Tool.Rewriting;
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
