using System;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.TestKit;
using Microsoft.Build.Framework;
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

    [Fact]
    public void Two_files_for_one_place_are_an_error_and_not_the_first_of_them()
    {
        TinyModel model = new() { ExternalFile = "model.onnx_data" };
        foreach (string folder in new[] { "../a/", "../b/" })
        {
            _run.Add(folder + "model.onnx", model.ToBytes());
            _run.Add(folder + "model.onnx_data", model.WeightBytes);
        }
        ListModels Run(string link) => _run.Run(
            TaskRun.Item("../a/model.onnx", ("Link", "nets/encoder.onnx")), TaskRun.Item("../b/model.onnx", ("Link", link)));

        Run("nets/decoder.onnx");
        BuildErrorEventArgs error = Assert.Single(_run.Errors);
        Assert.Equal(("CLV3014", Path.GetFullPath(Path.Combine(_run.Project, "../b/model.onnx"))), (error.Code, error.File));
        Assert.Contains("'../b/model.onnx_data' would lie at 'models/App/nets/model.onnx_data' in the output, where '../a/model.onnx_data' lies,", error.Message);

        // Its remedy.
        ListModels task = Run("decoder/net.onnx");
        Assert.True(_run.Succeeded);
        Assert.Equal(4, task.Content.Select(c => c.GetMetadata("TargetPath")).Distinct().Count());
    }

    [Theory]
    [InlineData("m.onnx", "m.onnx", "m.onnx")]
    [InlineData("models/face.onnx", "", "models/face.onnx")]
    [InlineData("./models/face.onnx", "", "models/face.onnx")]
    public void A_link_to_a_place_that_is_taken_is_an_error(string first, string second, string place)
    {
        foreach (string file in new[] { "../new/face.onnx", "models/face.onnx" })
        {
            _run.Add(file, new TinyModel().ToBytes());
            _run.Add(file + ".tune", "cleave-tuning 1\n"u8.ToArray());
        }
        ListModels task = _run.Run(TaskRun.Item("../new/face.onnx", ("Link", first)), TaskRun.Item("models/face.onnx", ("Link", second)));
        BuildErrorEventArgs error = Assert.Single(_run.Errors);
        Assert.Equal("CLV3014", error.Code);
        Assert.Contains($"'models/face.onnx' would lie at 'models/App/{place}' in the output, where '../new/face.onnx' lies,", error.Message);
        Assert.Equal(2, task.Listings.Select(l => l.ItemSpec).Distinct().Count());
    }

    [Fact]
    public void A_link_out_of_the_folder_is_reported_with_the_model()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run(TaskRun.Item("m.onnx", ("Link", "../m.onnx")));
        Assert.Equal("CLV2004", Assert.Single(_run.Read("m").Problems).Rule.Id);
    }

    [Theory]
    [InlineData("", "", "PreserveNewest", "PreserveNewest")]
    [InlineData("Never", "", "Never", "Never")]
    [InlineData("Always", "", "Always", "Always")]
    [InlineData("", "never", "PreserveNewest", "Never")]
    [InlineData("Never", "IfDifferent", "Never", "PreserveNewest")]
    public void Publishing_follows_the_output_unless_the_item_says_otherwise(string output, string publish, string expected, string expectedPublish)
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        ITaskItem content = Assert.Single(_run.Run(TaskRun.Item("m.onnx", ("CopyToOutputDirectory", output), ("CopyToPublishDirectory", publish))).Content);
        Assert.Equal((expected, expectedPublish), (content.GetMetadata("CopyToOutputDirectory"), content.GetMetadata("CopyToPublishDirectory")));
    }

    [Theory]
    [InlineData("CopyToOutputDirectory", "Nevr")]
    [InlineData("CopyToPublishDirectory", "false")]
    [InlineData("CopyToPublishDirectory", "DoNotCopy")]
    public void A_value_that_means_nothing_is_an_error_and_not_a_copy_for_a_slip(string name, string value)
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run(TaskRun.Item("m.onnx", (name, value)));
        Problem problem = Assert.Single(_run.Read("m").Problems);
        Assert.Equal(("CLV2004", name, value), (problem.Rule.Id, problem.Arguments[0], problem.Arguments[1]));
    }

    [Fact]
    public void Spaces_around_a_value_do_not_matter()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        ITaskItem content = Assert.Single(_run.Run(TaskRun.Item("m.onnx", ("CopyToOutputDirectory", "Always"), ("CopyToPublishDirectory", "\n  Never\n"))).Content);
        Assert.Equal("Never", content.GetMetadata("CopyToPublishDirectory"));
        Assert.Empty(_run.Read("m").Problems);
    }

    [Fact]
    public void Weights_of_a_model_that_is_not_published_are_published_for_another_that_shares_them()
    {
        TinyModel model = new() { ExternalFile = "w.bin" };
        _run.Add("a.onnx", model.ToBytes());
        _run.Add("b.onnx", model.ToBytes());
        _run.Add("w.bin", model.WeightBytes);
        ListModels task = _run.Run(TaskRun.Item("a.onnx", ("CopyToPublishDirectory", "Never")), TaskRun.Item("b.onnx"));
        Assert.Equal(["models/App/w.bin", "models/App/b.onnx"], task.Content.Where(c => c.GetMetadata("CopyToPublishDirectory") != "Never").Select(c => c.GetMetadata("TargetPath")));
    }

    [Fact]
    public void Weights_of_a_model_that_is_never_copied_are_copied_for_another_that_shares_them()
    {
        TinyModel model = new() { ExternalFile = "w.bin" };
        _run.Add("a.onnx", model.ToBytes());
        _run.Add("b.onnx", model.ToBytes());
        _run.Add("w.bin", model.WeightBytes);
        ListModels task = _run.Run(TaskRun.Item("a.onnx", ("CopyToOutputDirectory", "Never")), TaskRun.Item("b.onnx"), TaskRun.Item("b.onnx"));
        Assert.True(_run.Succeeded);
        Assert.Equal(["models/App/b.onnx", "models/App/w.bin"], task.Content.Where(c => c.GetMetadata("CopyToOutputDirectory") == "PreserveNewest").Select(c => c.GetMetadata("TargetPath")));
    }

    [Fact]
    public void A_model_that_is_always_copied_stays_so()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        Assert.Equal("Always", Assert.Single(_run.Run(TaskRun.Item("m.onnx", ("CopyToOutputDirectory", "always"))).Content).GetMetadata("CopyToOutputDirectory"));
        // What differs is copied in any case, and older SDKs do not know the word.
        Assert.Equal("PreserveNewest", Assert.Single(_run.Run(TaskRun.Item("m.onnx", ("CopyToOutputDirectory", "IfDifferent"))).Content).GetMetadata("CopyToOutputDirectory"));
    }

    [Fact]
    public void A_location_that_is_no_files_name_costs_no_other_model()
    {
        TinyModel bad = new() { ExternalFile = "w\0.bin" };
        _run.Add("bad.onnx", bad.ToBytes());
        _run.Add("good.onnx", new TinyModel().ToBytes());
        _run.Add("quantized.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Run(TaskRun.Item("bad.onnx"), TaskRun.Item("good.onnx"), TaskRun.Item("quantized.onnx", ("QuantizedFrom", "bad.onnx")));
        Assert.True(_run.Succeeded);
        Assert.Equal("CLV1013", Assert.Single(_run.Read("bad").Problems).Rule.Id);
        Assert.Empty(_run.Read("good").Problems);
        Assert.Equal(3, task.Content.Length);
    }
}
