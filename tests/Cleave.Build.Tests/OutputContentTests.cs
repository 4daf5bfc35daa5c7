using System;
using System.IO;
using System.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Build.Tests;

/// <summary>What the task sends to the output beside a listing: models, their weights, and what was measured of them.</summary>
public sealed class OutputContentTests : IDisposable
{
    private static readonly DateTime Long = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
    private readonly TaskRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void What_was_measured_of_a_model_lies_beside_it_in_the_output()
    {
        _run.Add("models/face.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Run(TaskRun.Item("models/face.onnx"));
        Assert.Single(task.Content);
        // Copied, never listed: the code does not depend on it.
        byte[] listing = File.ReadAllBytes(_run.Listing("models.face"));
        _run.Add("models/face.onnx.tune", "cleave-tuning 1\n"u8.ToArray());
        task = _run.Run(TaskRun.Item("models/face.onnx"));
        Assert.Equal(["models/App/models/face.onnx", "models/App/models/face.onnx.tune"], task.Content.Select(c => c.GetMetadata("TargetPath")));
        Assert.Equal(listing, File.ReadAllBytes(_run.Listing("models.face")));
    }

    [Fact]
    public void Files_with_weights_go_beside_the_model_and_are_watched()
    {
        TinyModel model = new() { ExternalFile = "m.onnx.data" };
        _run.Add("nets/m.onnx", model.ToBytes());
        string weights = _run.Add("nets/m.onnx.data", model.WeightBytes);
        ListModels task = _run.Run("nets/m.onnx");

        Assert.Empty(_run.Read("nets.m").Problems);
        Assert.Equal(["models/App/nets/m.onnx", "models/App/nets/m.onnx.data"], task.Content.Select(i => i.GetMetadata("TargetPath")));
        Assert.All(task.Content, i => Assert.Equal("PreserveNewest", i.GetMetadata("CopyToOutputDirectory")));
        Assert.Equal(weights, task.Content[1].ItemSpec);

        _run.Run("nets/m.onnx");
        Assert.Empty(_run.Messages);

        File.Delete(weights);
        task = _run.Run("nets/m.onnx");
        Assert.Equal("CLV1011", Assert.Single(_run.Read("nets.m").Problems).Rule.Id);
        Assert.Single(task.Content);

        File.WriteAllBytes(weights, model.WeightBytes);
        File.SetLastWriteTimeUtc(weights, Long);
        _run.Run("nets/m.onnx");
        Assert.Empty(_run.Read("nets.m").Problems);
    }

    [Fact]
    public void A_model_that_is_never_copied_is_listed_and_keeps_its_place()
    {
        TinyModel model = new() { ExternalFile = "m.onnx.data" };
        _run.Add("m.onnx", model.ToBytes());
        _run.Add("m.onnx.data", model.WeightBytes);
        ListModels task = _run.Run(TaskRun.Item("m.onnx", ("CopyToOutputDirectory", "never")));
        Assert.Equal("models/App/m.onnx", _run.Read("m").Options.Path);
        Assert.Equal(["Never", "Never"], task.Content.Select(i => i.GetMetadata("CopyToOutputDirectory")));
    }

    [Fact]
    public void Weights_outside_the_models_folder_are_not_copied()
    {
        TinyModel model = new() { ExternalFile = "../w.bin" };
        _run.Add("nets/m.onnx", model.ToBytes());
        _run.Add("w.bin", model.WeightBytes);
        ListModels task = _run.Run("nets/m.onnx");
        Assert.Equal("CLV1013", Assert.Single(_run.Read("nets.m").Problems).Rule.Id);
        Assert.Equal("models/App/nets/m.onnx", Assert.Single(task.Content).GetMetadata("TargetPath"));
    }
}
