using System;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.TestKit;
using Microsoft.Build.Framework;
using Xunit;

namespace Cleave.Build.Tests;

public sealed class ListModelsTests : IDisposable
{
    private static readonly DateTime Long = new(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
    private readonly TaskRun _run = new();

    public void Dispose() => _run.Dispose();

    private string Listing(string key) => Path.Combine(_run.ListingFolder, key + ".graph");

    private string Stamp(string key) => Path.Combine(_run.ListingFolder, key + ".stamp");

    private ModelListing Read(string key) => ListingReader.Read(File.ReadAllText(Listing(key)));

    [Fact]
    public void A_model_is_listed_with_what_the_project_says_of_it()
    {
        _run.Add("models/face.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Run(TaskRun.Item("models/face.onnx", ("ClassName", "Face"), ("Access", "public")));

        Assert.True(_run.Succeeded);
        ModelListing listing = Read("models.face");
        Assert.Equal(new ListingOptions
        {
            Source = "models/face.onnx",
            Path = "models/App/models/face.onnx",
            Namespace = "My.App",
            ClassName = "Face",
            Access = "public",
        }, listing.Options);
        Assert.Equal("Mul", Assert.Single(listing.Model!.Graph.Nodes).OpType);
        Assert.Equal(Listing("models.face"), Assert.Single(task.Listings).ItemSpec);
        Assert.Equal([Listing("models.face"), Stamp("models.face")], task.Written.Select(i => i.ItemSpec));
        Assert.Equal(["Cleave: reading models/face.onnx"], _run.Messages);
    }

    [Fact]
    public void What_was_measured_of_a_model_lies_beside_it_in_the_output()
    {
        _run.Add("models/face.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Run(TaskRun.Item("models/face.onnx"));
        Assert.Single(task.Content);
        // Copied, never listed: the code does not depend on it.
        byte[] listing = File.ReadAllBytes(Listing("models.face"));
        _run.Add("models/face.onnx.tune", "cleave-tuning 1\n"u8.ToArray());
        task = _run.Run(TaskRun.Item("models/face.onnx"));
        Assert.Equal(["models/App/models/face.onnx", "models/App/models/face.onnx.tune"], task.Content.Select(c => c.GetMetadata("TargetPath")));
        Assert.Equal(listing, File.ReadAllBytes(Listing("models.face")));
    }

    [Fact]
    public void What_was_measured_of_another_graph_is_said()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Run(TaskRun.Item("m.onnx"));
        string hash = Read("m").Hash;
        string Tuned(string graph) => "cleave-tuning 1\nmachine \"EPYC\" 2 \"1.30.0\"\n  graph \"" + graph + "\"\n";

        foreach ((string text, string[] said) in new[]
        {
            (Tuned(hash), Array.Empty<string>()),
            (Tuned("h2:other"), ["m.onnx.tune", "it was measured on another graph (EPYC, 2 cores, ONNX Runtime 1.30.0)"]),
            ("cleave-tuning 2\n", ["m.onnx.tune", "line 1: this version is not known"]),
        })
        {
            _run.Add("m.onnx.tune", System.Text.Encoding.UTF8.GetBytes(text));
            task = _run.Run(TaskRun.Item("m.onnx"));
            Assert.True(_run.Succeeded);
            Assert.Equal(said, Read("m").Problems.SelectMany(p => p.Arguments));
            Assert.All(Read("m").Problems, p => Assert.Equal("CLV1025", p.Rule.Id));
        }
    }

    [Fact]
    public void Metadata_goes_into_the_listing_as_it_stands()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run(TaskRun.Item("m.onnx", ("Namespace", "a; # %20 \"b\"\n"), ("Slicing", "nonsense"), ("Weights", "Map"), ("Plan", "Split"), ("Dims", "batch=1;2")));
        ListingOptions options = Read("m").Options;
        Assert.Equal(("a; # %20 \"b\"\n", "nonsense", "Map"), (options.Namespace, options.Slicing, options.Weights));
        Assert.Equal(("Split", "batch=1;2"), (options.Plan, options.Dims));
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
        Assert.Equal(names.Split('|', StringSplitOptions.RemoveEmptyEntries), Read("m").Options.Outputs);
    }

    [Fact]
    public void Other_outputs_make_another_listing_of_the_same_hash()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        string hash = Read("m").Hash;
        foreach (string outputs in new[] { "y", "y;z", "y%3Bz", "z;y" })
        {
            _run.Run(TaskRun.Spelled("m.onnx", ("Outputs", outputs)));
            Assert.Equal(["Cleave: reading m.onnx"], _run.Messages);
            Assert.Equal(hash, Read("m").Hash);
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
        File.SetLastWriteTimeUtc(Listing("a"), Long);

        ListModels task = _run.Run("a.onnx", "b.onnx");
        Assert.Empty(_run.Messages);
        Assert.Equal(Long, File.GetLastWriteTimeUtc(Listing("a")));
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
        File.SetLastWriteTimeUtc(Listing("m"), Long);
        _run.Add("m.onnx", new TinyModel { Weights = [5, 6, 7, 8] }.ToBytes());

        _run.Run("m.onnx");
        Assert.Single(_run.Messages);
        Assert.Equal(Long, File.GetLastWriteTimeUtc(Listing("m")));
        _run.Run("m.onnx");
        Assert.Empty(_run.Messages);
    }

    [Fact]
    public void Another_graph_gives_another_listing_even_from_an_older_file()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        string model = _run.Add("m.onnx", new TinyModel { Operator = "Add" }.ToBytes());
        File.SetLastWriteTimeUtc(model, Long);

        _run.Run("m.onnx");
        Assert.Equal("Add", Read("m").Model!.Graph.Nodes[0].OpType);
    }

    [Fact]
    public void A_deleted_listing_is_made_again()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        File.Delete(Listing("m"));
        _run.Run("m.onnx");
        Assert.True(File.Exists(Listing("m")));
    }

    [Fact]
    public void A_bad_model_is_no_error_of_the_task_but_stands_in_its_listing()
    {
        _run.Add("empty.onnx", []);
        _run.Add("good.onnx", new TinyModel().ToBytes());
        ListModels task = _run.Run("empty.onnx", "missing.onnx", "good.onnx");

        Assert.True(_run.Succeeded);
        Assert.Empty(_run.Errors);
        Assert.Equal("CLV1002", Assert.Single(Read("empty").Problems).Rule.Id);
        Assert.Equal("CLV1001", Assert.Single(Read("missing").Problems).Rule.Id);
        Assert.Equal(3, task.Listings.Length);
        // Copying the missing one would be a second error.
        Assert.Equal(["empty.onnx", "good.onnx"], task.Content.Select(i => Path.GetFileName(i.ItemSpec)));

        // Mended or not, it is looked at again.
        _run.Run("empty.onnx", "good.onnx");
        Assert.Equal(["Cleave: reading empty.onnx"], _run.Messages);
    }

    [Fact]
    public void Files_with_weights_go_beside_the_model_and_are_watched()
    {
        TinyModel model = new() { ExternalFile = "m.onnx.data" };
        _run.Add("nets/m.onnx", model.ToBytes());
        string weights = _run.Add("nets/m.onnx.data", model.WeightBytes);
        ListModels task = _run.Run("nets/m.onnx");

        Assert.Empty(Read("nets.m").Problems);
        Assert.Equal(["models/App/nets/m.onnx", "models/App/nets/m.onnx.data"], task.Content.Select(i => i.GetMetadata("TargetPath")));
        Assert.All(task.Content, i => Assert.Equal("PreserveNewest", i.GetMetadata("CopyToOutputDirectory")));
        Assert.Equal(weights, task.Content[1].ItemSpec);

        _run.Run("nets/m.onnx");
        Assert.Empty(_run.Messages);

        File.Delete(weights);
        task = _run.Run("nets/m.onnx");
        Assert.Equal("CLV1011", Assert.Single(Read("nets.m").Problems).Rule.Id);
        Assert.Single(task.Content);

        File.WriteAllBytes(weights, model.WeightBytes);
        File.SetLastWriteTimeUtc(weights, Long);
        _run.Run("nets/m.onnx");
        Assert.Empty(Read("nets.m").Problems);
    }

    [Fact]
    public void A_model_that_is_never_copied_is_listed_and_keeps_its_place()
    {
        TinyModel model = new() { ExternalFile = "m.onnx.data" };
        _run.Add("m.onnx", model.ToBytes());
        _run.Add("m.onnx.data", model.WeightBytes);
        ListModels task = _run.Run(TaskRun.Item("m.onnx", ("CopyToOutputDirectory", "never")));
        Assert.Equal("models/App/m.onnx", Read("m").Options.Path);
        Assert.Equal(["Never", "Never"], task.Content.Select(i => i.GetMetadata("CopyToOutputDirectory")));
    }

    [Fact]
    public void Weights_outside_the_models_folder_are_not_copied()
    {
        TinyModel model = new() { ExternalFile = "../w.bin" };
        _run.Add("nets/m.onnx", model.ToBytes());
        _run.Add("w.bin", model.WeightBytes);
        ListModels task = _run.Run("nets/m.onnx");
        Assert.Equal("CLV1013", Assert.Single(Read("nets.m").Problems).Rule.Id);
        Assert.Equal("models/App/nets/m.onnx", Assert.Single(task.Content).GetMetadata("TargetPath"));
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
    public void Update_of_items_that_do_not_exist_yet_is_reported_with_its_line()
    {
        File.WriteAllText(_run.ProjectFile, """
            <Project>
              <!-- <OnnxModel Update="in a comment" /> -->
              <ItemGroup>
                <OnnxModel Update="m.onnx" ClassName="X" />
              </ItemGroup>
              <Target Name="T"><ItemGroup><OnnxModel Update="m.onnx" /></ItemGroup></Target>
            </Project>
            """);
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        BuildWarningEventArgs warning = Assert.Single(_run.Warnings);
        Assert.Equal(("CLV3001", 4), (warning.Code, warning.LineNumber));
    }

    [Fact]
    public void Update_of_items_that_the_project_includes_itself_is_fine()
    {
        File.WriteAllText(_run.ProjectFile,
            "<Project><ItemGroup><OnnxModel Include='m.onnx' /><OnnxModel Update='m.onnx' ClassName='X' /></ItemGroup></Project>");
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        Assert.Empty(_run.Warnings);
    }

    [Fact]
    public void A_project_without_a_file_and_one_with_a_document_type_are_fine()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        File.WriteAllText(_run.ProjectFile, "<!DOCTYPE Project><Project />");
        _run.Run("m.onnx");
        Assert.True(_run.Succeeded);
        File.Delete(_run.ProjectFile);
        _run.Run("m.onnx");
        Assert.True(_run.Succeeded);
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
        Assert.Equal(File.ReadAllBytes(Listing("nets.m")), File.ReadAllBytes(Path.Combine(elsewhere.ListingFolder, "nets.m.graph")));
    }

    [Fact]
    public void New_weights_in_a_file_of_their_own_leave_the_listing_untouched()
    {
        TinyModel model = new() { ExternalFile = "m.onnx.data" };
        _run.Add("m.onnx", model.ToBytes());
        _run.Add("m.onnx.data", model.WeightBytes);
        _run.Run("m.onnx");
        File.SetLastWriteTimeUtc(Listing("m"), Long);
        // Of another length, too: exporters pad.
        _run.Add("m.onnx.data", [.. (model with { Weights = [9, 8, 7, 6] }).WeightBytes, 0, 0]);

        _run.Run("m.onnx");
        Assert.Single(_run.Messages);
        Assert.Equal(Long, File.GetLastWriteTimeUtc(Listing("m")));
    }

    [Fact]
    public void A_model_that_comes_too_late_is_an_error_at_its_file()
    {
        ReportFiles task = new() { BuildEngine = _run, Rule = "CLV3003", Files = [TaskRun.Item("nets\\late.onnx")], ProjectFile = _run.ProjectFile };
        Assert.False(task.Execute());
        BuildErrorEventArgs error = Assert.Single(_run.Errors);
        Assert.Equal(("CLV3003", Path.Combine(_run.Project, "nets", "late.onnx")), (error.Code, error.File));
        Assert.EndsWith("CLV3003.md", error.HelpLink);
        Assert.Contains("'nets/late.onnx'", error.Message);
    }

    [Fact]
    public void A_model_is_compared_with_its_contract_whenever_either_changes()
    {
        byte[] model = new TinyModel().ToBytes();
        _run.Add("nets/m.onnx", model);
        _run.Run("nets/m.onnx");
        Assert.Empty(Read("nets.m").Problems);

        _run.Add("nets/m.onnx.contract.txt", Encoding.UTF8.GetBytes(ModelContract.Text(Read("nets.m").Model!, "m.onnx")));
        _run.Run("nets/m.onnx");
        Assert.Single(_run.Messages);
        Assert.Empty(Read("nets.m").Problems);
        _run.Run("nets/m.onnx");
        Assert.Empty(_run.Messages);

        _run.Add("nets/m.onnx", new TinyModel { Weights = [1, 2, 3, 4, 5] }.ToBytes());
        _run.Run("nets/m.onnx");
        Problem problem = Assert.Single(Read("nets.m").Problems);
        Assert.Equal(Rules.ContractBroken, problem.Rule);
        Assert.Equal("nets/m.onnx.contract.txt", problem.Arguments[0]);
        Assert.Contains("- input \"x\" tensor float [4]; + input \"x\" tensor float [5]", problem.Arguments[1]);

        File.Delete(Path.Combine(_run.Project, "nets", "m.onnx.contract.txt"));
        _run.Run("nets/m.onnx");
        Assert.Empty(Read("nets.m").Problems);
    }

    [Fact]
    public void A_contract_can_be_demanded()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run("m.onnx");
        ListModels task = _run.Task(TaskRun.Item("m.onnx"));
        task.Contracts = "Require";
        Assert.True(task.Execute());
        Problem problem = Assert.Single(Read("m").Problems);
        Assert.Equal((Rules.ContractMissing, "m.onnx.contract.txt"), (problem.Rule, Assert.Single(problem.Arguments)));
    }

    [Fact]
    public void A_value_of_CleaveContracts_that_means_nothing_is_an_error()
    {
        ListModels task = _run.Task();
        task.Contracts = "requrie";
        Assert.False(task.Execute());
        BuildErrorEventArgs error = Assert.Single(_run.Errors);
        Assert.Equal(("CLV3007", _run.ProjectFile), (error.Code, error.File));
        Assert.Contains("CleaveContracts to 'requrie'", error.Message);
    }

    [Fact]
    public void A_contract_that_cannot_be_read_is_said_to_be_so()
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Add("m.onnx.contract.txt", [0xFF, 0, 0xFE]);
        _run.Run("m.onnx");
        Assert.Contains("does not begin with", Assert.Single(Read("m").Problems).Arguments[1]);
    }

    [Theory]
    [InlineData("Acess", "Access")]
    [InlineData("classname", null)]
    [InlineData("ClasName", "ClassName")]
    [InlineData("Dim", "Dims")]
    [InlineData("Output", "Outputs")]
    [InlineData("Wieghts", "Weights")]
    [InlineData("Slcing", "Slicing")]
    [InlineData("Pack", null)]
    [InlineData("Generator", null)]
    [InlineData("Visible", null)]
    [InlineData("Owner", null)]
    [InlineData("Lank", "Link")]
    public void Metadata_that_is_nearly_right_is_named(string name, string? meant)
    {
        _run.Add("m.onnx", new TinyModel().ToBytes());
        _run.Run(TaskRun.Item("m.onnx", (name, "Auto")));
        Assert.Equal(meant is null ? [] : [(Rules.MetadataMisspelt, name + "|" + meant)], Read("m").Problems.Select(p => (p.Rule, string.Join("|", p.Arguments))));

        // A warning does not read the model again.
        _run.Run(TaskRun.Item("m.onnx", (name, "Auto")));
        Assert.Empty(_run.Messages);
        _run.Run("m.onnx");
        Assert.Empty(Read("m").Problems);
    }
}
