using System;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.TestKit;
using Microsoft.Build.Framework;
using Xunit;

namespace Cleave.Build.Tests;

/// <summary>What the task lists, and when it lists again.</summary>
public sealed class ListModelsTests : IDisposable
{
    private static readonly DateTime Long = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
    private readonly TaskRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void A_model_is_listed_with_what_the_project_says_of_it()
    {
        _run.Add("models/face.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Run(TaskRun.Item("models/face.onnx", ("ClassName", "Face"), ("Access", "public")));

        Assert.True(_run.Succeeded);
        ModelListing listing = _run.Read("models.face");
        Assert.Equal(new ListingOptions
        {
            Source = "models/face.onnx",
            Path = "models/App/models/face.onnx",
            Namespace = "My.App",
            ClassName = "Face",
            Access = "public",
        }, listing.Options with { Settings = [] });
        Assert.Empty(listing.Options.Settings);
        Assert.Equal("Mul", Assert.Single(listing.Model!.Graph.Nodes).OpType);
        Assert.Equal(_run.Listing("models.face"), Assert.Single(task.Listings).ItemSpec);
        Assert.Equal([_run.Listing("models.face"), _run.Stamp("models.face")], task.Written.Select(i => i.ItemSpec));
        Assert.Equal(["Cleave: reading models/face.onnx"], _run.Messages);
    }

    [Fact]
    public void Metadata_goes_into_the_listing_as_it_stands()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run(TaskRun.Item("m.onnx", ("Namespace", "a; # %20 \"b\"\n"), ("Slicing", "nonsense"), ("Weights", "Map"), ("Plan", "Split"), ("Dims", "batch=1;2")));
        ListingOptions options = _run.Read("m").Options;
        Assert.Equal(("a; # %20 \"b\"\n", "nonsense", "Map"), (options.Namespace, options.Slicing, options.Weights));
        Assert.Equal(("Split", "batch=1;2"), (options.Plan, options.Dims));
    }

    [Fact]
    public void Settings_of_the_runner_go_into_the_listing_in_their_order_and_a_change_is_seen()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run(TaskRun.Item("m.onnx", ("PartPolicy", "One"), ("hint", "Sometimes; \"\n"), ("Strict", "")));
        Assert.Equal([new("Hint", "Sometimes; \"\n"), new("PartPolicy", "One")], _run.Read("m").Options.Settings);
        _run.Run(TaskRun.Item("m.onnx", ("PartPolicy", "Equal")));
        Assert.Equal([new("PartPolicy", "Equal")], _run.Read("m").Options.Settings);
    }

    [Theory]
    [InlineData("scores", "scores")]
    [InlineData("scores;/backbone/pool/output_0", "scores|/backbone/pool/output_0")]
    [InlineData(" scores ;;\n  boxes;\t", "scores|boxes")]
    [InlineData("a%3Bb;c", "a;b|c")]
    [InlineData("a%3bb%253B;%20x%20", "a;b%3B| x ")]
    [InlineData("100%;50%zz;%2", "100%|50%zz|%2")]
    [InlineData("", "")]
    [InlineData(" ; ", "")]
    public void Chosen_outputs_are_a_list(string metadata, string names)
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run(TaskRun.Spelled("m.onnx", ("Outputs", metadata)));
        Assert.Equal(names.Split('|', StringSplitOptions.RemoveEmptyEntries), _run.Read("m").Options.Outputs);
    }

    [Fact]
    public void Other_outputs_make_another_listing_of_the_same_hash()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        string hash = _run.Read("m").Hash;
        foreach (string outputs in new[] { "y", "y;z", "y%3Bz", "z;y" })
        {
            _run.Run(TaskRun.Spelled("m.onnx", ("Outputs", outputs)));
            Assert.Equal(["Cleave: reading m.onnx"], _run.Messages);
            Assert.Equal(hash, _run.Read("m").Hash);
            _run.Run(TaskRun.Spelled("m.onnx", ("Outputs", outputs)));
            Assert.Empty(_run.Messages);
        }
    }

    [Fact]
    public void A_root_namespace_made_from_the_projects_name_becomes_identifiers()
    {
        using TaskRun run = new() { RootNamespace = "my-app.2048" };
        run.Add("m.onnx", new TinyModel().ToBytes());
        run.Run("m.onnx");
        string text = File.ReadAllText(Path.Combine(run.ListingFolder, "m.graph"));
        Assert.Contains("namespace \"my_app._2048\"", text);
    }

    [Fact]
    public void What_did_not_change_is_not_read_again()
    {
        _run.Add("a.onnx", new TinyModel().ToBytes());
        _run.Add("b.onnx", new TinyModel().ToBytes());
        _run.Run("a.onnx", "b.onnx");
        File.SetLastWriteTimeUtc(_run.Listing("a"), Long);

        ListModels task = _run.Run("a.onnx", "b.onnx");
        Assert.Empty(_run.Messages);
        Assert.Equal(Long, File.GetLastWriteTimeUtc(_run.Listing("a")));
        Assert.Equal(2, task.Listings.Length);
        Assert.Equal(2, task.Content.Length);

        _run.Run(TaskRun.Item("a.onnx"), TaskRun.Item("b.onnx", ("ClassName", "Other")));
        Assert.Equal(["Cleave: reading b.onnx"], _run.Messages);
    }

    [Fact]
    public void New_weights_leave_the_listing_untouched()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        File.SetLastWriteTimeUtc(_run.Listing("m"), Long);
        _run.Add("m.onnx", new TinyModel { Weights = [5, 6, 7, 8] }.ToBytes());

        _run.Run("m.onnx");
        Assert.Single(_run.Messages);
        Assert.Equal(Long, File.GetLastWriteTimeUtc(_run.Listing("m")));
        _run.Run("m.onnx");
        Assert.Empty(_run.Messages);
    }

    // Exporters write the date there; in the wire format of protobuf, fields may follow at the end.
    [Fact]
    public void Other_metadata_domain_and_version_leave_the_listing_untouched()
    {
        byte[] domain = [0x22, 1, (byte)'d'], version = [0x28, 7], metadata = [0x72, 6, 0x0a, 1, (byte)'k', 0x12, 1, (byte)'v'];
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        File.SetLastWriteTimeUtc(_run.Listing("m"), Long);
        string model = _run.Add("m.onnx", [.. new TinyModel().ToBytes(), .. domain, .. version, .. metadata]);
        OnnxModel read = ModelReader.ReadFile(model);
        Assert.Equal(("d", 7, "k"), (read.Domain, read.Version, Assert.Single(read.Metadata).Key));

        _run.Run("m.onnx");
        Assert.Single(_run.Messages);
        Assert.Equal(Long, File.GetLastWriteTimeUtc(_run.Listing("m")));
    }

    [Fact]
    public void Another_graph_gives_another_listing_even_from_an_older_file()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        string model = _run.Add("m.onnx", new TinyModel { Operator = "Add" }.ToBytes());
        File.SetLastWriteTimeUtc(model, Long);

        _run.Run("m.onnx");
        Assert.Equal("Add", _run.Read("m").Model!.Graph.Nodes[0].OpType);
    }

    [Fact]
    public void A_deleted_listing_is_made_again()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        File.Delete(_run.Listing("m"));
        _run.Run("m.onnx");
        Assert.True(File.Exists(_run.Listing("m")));
    }

    [Fact]
    public void A_bad_model_is_no_error_of_the_task_but_stands_in_its_listing()
    {
        _run.Add("empty.onnx", []);
        _run.Add("good.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Run("empty.onnx", "missing.onnx", "good.onnx");

        Assert.True(_run.Succeeded);
        Assert.Empty(_run.Errors);
        Assert.Equal("CLV1002", Assert.Single(_run.Read("empty").Problems).Rule.Id);
        Assert.Equal("CLV1001", Assert.Single(_run.Read("missing").Problems).Rule.Id);
        Assert.Equal(3, task.Listings.Length);
        // Copying the missing one would be a second error.
        Assert.Equal(["empty.onnx", "good.onnx"], task.Content.Select(i => Path.GetFileName(i.ItemSpec)));

        // Mended or not, it is looked at again.
        _run.Run("empty.onnx", "good.onnx");
        Assert.Equal(["Cleave: reading empty.onnx"], _run.Messages);
    }

    [Fact]
    public void A_listing_that_cannot_be_written_is_an_error_with_a_help_link()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        // A file where the folder should be.
        _run.Add("obj/cleave", []);
        _run.Run("m.onnx");

        Assert.False(_run.Succeeded);
        BuildErrorEventArgs error = Assert.Single(_run.Errors);
        Assert.Equal("CLV3002", error.Code);
        Assert.EndsWith("CLV3002.md", error.HelpLink);
        Assert.Equal(Path.Combine(_run.Project, "m.onnx"), error.File);
        Assert.Contains("m.onnx", error.Message);
    }

    [Fact]
    public void Nothing_temporary_stays_behind()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        _run.Add("m.onnx", new TinyModel { Weights = [9, 9, 9, 9] }.ToBytes());
        _run.Run("m.onnx");
        Assert.Equal(2, Directory.GetFiles(_run.ListingFolder).Length);
    }

    // An editor's design-time build beside a real one replaces it.
    [SkippableFact]
    public void A_stamp_that_cannot_be_read_is_none()
    {
        Skip.If(Path.DirectorySeparatorChar == '\\', "skipped: on Windows what is held cannot be replaced either");
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        using (new FileStream(_run.Stamp("m"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            _run.Run("m.onnx");
        Assert.Empty(_run.Errors);
        Assert.Equal(["Cleave: reading m.onnx"], _run.Messages);
        _run.Run("m.onnx");
        Assert.Empty(_run.Messages);
    }

    [Fact]
    public void A_cancelled_build_lists_nothing()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Task(TaskRun.Item("m.onnx"));
        task.Cancel();
        Assert.False(task.Execute());
        Assert.Empty(_run.Errors);
        Assert.False(Directory.Exists(_run.ListingFolder));
    }

    [Fact]
    public void A_model_has_the_same_listing_wherever_the_project_lies()
    {
        using TaskRun elsewhere = new();
        TinyModel model = new() { ExternalFile = "m.onnx.data" };
        foreach (TaskRun run in new[] { _run, elsewhere })
        {
            run.Add("nets/m.onnx", model.ToBytes());
            run.Add("nets/m.onnx.data", model.WeightBytes);
            run.Run("nets/m.onnx");
        }
        Assert.NotEqual(_run.Project, elsewhere.Project);
        Assert.Equal(File.ReadAllBytes(_run.Listing("nets.m")), File.ReadAllBytes(Path.Combine(elsewhere.ListingFolder, "nets.m.graph")));
    }

    [Fact]
    public void New_weights_in_a_file_of_their_own_leave_the_listing_untouched()
    {
        TinyModel model = new() { ExternalFile = "m.onnx.data" };
        _run.Add("m.onnx", model.ToBytes());
        _run.Add("m.onnx.data", model.WeightBytes);
        _run.Run("m.onnx");
        File.SetLastWriteTimeUtc(_run.Listing("m"), Long);
        // Of another length, too: exporters pad.
        _run.Add("m.onnx.data", [.. (model with { Weights = [9, 8, 7, 6] }).WeightBytes, 0, 0]);

        _run.Run("m.onnx");
        Assert.Single(_run.Messages);
        Assert.Equal(Long, File.GetLastWriteTimeUtc(_run.Listing("m")));
    }

    /// <summary>As caches of models, version control for data and mounted volumes keep them.</summary>
    [Theory]
    [InlineData("m.onnx")]
    [InlineData("m.onnx.data")]
    [InlineData("m.onnx.tune")]
    [InlineData("m.onnx.contract.txt")]
    public void A_change_of_the_file_behind_a_link_is_noticed(string name)
    {
        TinyModel model = new() { ExternalFile = "m.onnx.data" };
        _run.Add("m.onnx", model.ToBytes());
        _run.Add("m.onnx.data", model.WeightBytes);
        _run.Add("m.onnx.tune", "cleave-tuning 1\n"u8.ToArray());
        _run.Run("m.onnx");
        _run.Add("m.onnx.contract.txt", System.Text.Encoding.UTF8.GetBytes(ModelContract.Text(_run.Read("m").Model!, "m.onnx")));
        string file = Path.Combine(_run.Project, name), store = _run.Add("../store/1", File.ReadAllBytes(file));
        File.Delete(file);
        File.CreateSymbolicLink(file, store);
        _run.Run("m.onnx");
        Assert.Empty(_run.Read("m").Problems);
        _run.Run("m.onnx");
        Assert.Empty(_run.Messages);

        // In place, of one length.
        File.SetLastWriteTimeUtc(store, Long);
        _run.Run("m.onnx");
        Assert.Single(_run.Messages);
    }
}
