using System.IO;
using System.Linq;
using Cleave.Core.Ensembles;
using Cleave.Core.Listing;
using Cleave.Core.Tuning;
using Microsoft.Build.Framework;
using Xunit;

namespace Cleave.Build.Tests;

/// <summary>Ensembles: a file of each for the generator, and their members among the models.</summary>
public sealed class EnsembleFilesTests
{
    private static ListModels Run(TaskRun run, string[] models, params ITaskItem[] ensembles)
    {
        run.Add("a.onnx", new Cleave.TestKit.TinyModel().ToBytes());
        run.Add("models/b.onnx", new Cleave.TestKit.TinyModel().ToBytes());
        ListModels task = run.Task([.. models.Select(m => TaskRun.Item(m))]);
        task.Ensembles = ensembles;
        Assert.True(task.Execute());
        return task;
    }

    private static EnsembleListing Read(TaskRun run, string key) =>
        EnsembleText.Read(File.ReadAllText(Path.Combine(run.ListingFolder, key + EnsembleText.Ending)));

    [Fact]
    public void Members_are_models_whether_they_are_listed_or_not()
    {
        using TaskRun run = new();
        ListModels task = Run(run, ["a.onnx"], TaskRun.Spelled("Vision", ("Models", "a.onnx; models\\b.onnx;"), ("Combine", "Mean"), ("Weights", "1;0.5"), ("Devices", "cpu;")));
        Assert.Equal([run.Listing("a"), run.Listing("models.b")], task.Listings.Select(l => l.ItemSpec));
        Assert.Equal(["models/App/a.onnx", "models/App/models/b.onnx"], task.Content.Select(c => c.GetMetadata("TargetPath")));
        EnsembleListing ensemble = Read(run, "Vision");
        Assert.Equal(("Vision", "App.csproj"), (ensemble.Name, ensemble.Source));
        Assert.Equal([new("a.onnx", "models/App/a.onnx"), new("models/b.onnx", "models/App/models/b.onnx")], ensemble.Members);
        Assert.Equal(["Mean"], ensemble.Combine);
        Assert.Equal(["1", "0.5"], ensemble.Weights);
        Assert.Equal(["cpu"], ensemble.Devices);
        Assert.Equal(Path.Combine(run.ListingFolder, "Vision.ensemble"), Assert.Single(task.EnsembleListings).ItemSpec);
        Assert.Contains(task.Written, w => w.ItemSpec.EndsWith("Vision.ensemble", System.StringComparison.Ordinal));
    }

    /// <summary>As everything else calls it: messages of the generator, and options of the runner.</summary>
    [Fact]
    public void A_member_with_a_link_is_called_by_it()
    {
        using TaskRun run = new();
        run.Add("a.onnx", new Cleave.TestKit.TinyModel().ToBytes());
        ListModels task = run.Task(TaskRun.Item("a.onnx", ("Link", "nets/one.onnx")));
        task.Ensembles = [TaskRun.Spelled("Vision", ("Models", "a.onnx"))];
        Assert.True(task.Execute());
        Assert.Equal([new("nets/one.onnx", "models/App/nets/one.onnx")], Read(run, "Vision").Members);
    }

    [Fact]
    public void What_was_measured_of_it_lies_beside_the_project_and_goes_to_the_output()
    {
        using TaskRun run = new();
        run.Add("Vision.ensemble.tune", [1]);
        ListModels task = Run(run, [], TaskRun.Spelled("Vision", ("Models", "a.onnx")), TaskRun.Spelled("Other", ("Models", "a.onnx")), TaskRun.Spelled("../a:b", ("Models", "a.onnx")));
        Assert.Equal("models/App/Vision.ensemble", Read(run, "Vision").Path);
        ITaskItem file = Assert.Single(task.Content, c => c.ItemSpec.EndsWith(".tune", System.StringComparison.Ordinal));
        Assert.Equal(("models/App/Vision.ensemble.tune", "PreserveNewest"), (file.GetMetadata("TargetPath"), file.GetMetadata("CopyToOutputDirectory")));
        // No file can be called so.
        Assert.Equal(["", "models/App/Other.ensemble", "models/App/Vision.ensemble"],
            task.EnsembleListings.Select(l => EnsembleText.Read(File.ReadAllText(l.ItemSpec)).Path).Order(System.StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Combin", "Combine is probably meant")]
    [InlineData("Weight", "Weights is probably meant")]
    [InlineData("Device", "Devices is probably meant")]
    [InlineData("Cores", "it belongs on the items of its members")]
    [InlineData("dims", "it belongs on the items of its members")]
    [InlineData("Link", "it belongs on the items of its members")]
    [InlineData("weights", null)]
    [InlineData("Visible", null)]
    [InlineData("Owner", null)]
    public void Metadata_that_means_nothing_is_named(string name, string? why)
    {
        using TaskRun run = new();
        Run(run, [], TaskRun.Spelled("Vision", ("Models", "a.onnx"), (name, "1")));
        Assert.Equal(why is null ? [] : [new(name, why)], Read(run, "Vision").Unused);
    }

    [Fact]
    public void The_generator_is_told_what_it_was_measured_of()
    {
        using TaskRun run = new();
        MachineSignature machine = new("x64", 2, "1.30.0");
        TunedMember a = new(new MemberMemory("a.onnx", 1, 1), "h2:a", [new(1, 8, 900)]), b = new(new MemberMemory("b.onnx", 1, 1), "h2:b", []);
        run.Add("Vision.ensemble.tune", System.Text.Encoding.UTF8.GetBytes(EnsembleTuningFile.Empty.With(new EnsembleTuningSection(machine, true, [a, b], [])).Write()));
        run.Add("Damaged.ensemble.tune", [1]);
        Run(run, [], TaskRun.Spelled("Vision", ("Models", "a.onnx")), TaskRun.Spelled("Damaged", ("Models", "a.onnx")), TaskRun.Spelled("Other", ("Models", "a.onnx")));
        EnsembleTuningEntry tuned = Assert.Single(Read(run, "Vision").Tunings);
        Assert.Equal((machine.Words, "h2:a h2:b", ""), (tuned.Machine, string.Join(' ', tuned.Graphs), Read(run, "Vision").TuningProblem));
        Assert.NotEmpty(Read(run, "Damaged").TuningProblem);
        Assert.Equal((0, ""), (Read(run, "Other").Tunings.Count, Read(run, "Other").TuningProblem));
    }

    [Fact]
    public void What_is_wrong_is_left_to_the_generator()
    {
        using TaskRun run = new();
        Run(run, [], TaskRun.Spelled("Empty"), TaskRun.Spelled("Twice", ("Models", "a.onnx;./a.onnx;gone.onnx")));
        Assert.Empty(Read(run, "Empty").Members);
        Assert.Equal(["models/App/a.onnx", "models/App/a.onnx", "models/App/gone.onnx"], Read(run, "Twice").Members.Select(m => m.Path));
    }

    [Fact]
    public void Equal_items_give_equal_bytes_and_names_that_differ_in_case_two_files()
    {
        using TaskRun run = new();
        ITaskItem[] items = [TaskRun.Spelled("Vision", ("Models", "a.onnx")), TaskRun.Spelled("vision", ("Models", "a.onnx"))];
        ListModels task = Run(run, [], items);
        byte[] before = File.ReadAllBytes(task.EnsembleListings[0].ItemSpec);
        Assert.NotEqual(task.EnsembleListings[0].ItemSpec.ToUpperInvariant(), task.EnsembleListings[1].ItemSpec.ToUpperInvariant());
        Assert.Equal(before, File.ReadAllBytes(Run(run, [], items).EnsembleListings[0].ItemSpec));
    }

    [Fact]
    public void Metadata_survives_whatever_stands_in_it()
    {
        using TaskRun run = new();
        Run(run, [], TaskRun.Spelled("Vision", ("Models", "a.onnx"), ("Combine", "a b%3Bc=Mean;ü=Stack"), ("Namespace", "My.App"), ("ClassName", "V"), ("Access", "public")));
        EnsembleListing ensemble = Read(run, "Vision");
        Assert.Equal(["a b;c=Mean", "ü=Stack"], ensemble.Combine);
        Assert.Equal(("My.App", "V", "public"), (ensemble.Namespace, ensemble.ClassName, ensemble.Access));
    }
}
