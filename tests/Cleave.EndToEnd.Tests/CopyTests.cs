using System;
using System.IO;
using System.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>Which files are copied to the output and published: models once, as their items say, and the project's own files as before.</summary>
[Collection(Checks.Name)]
public sealed class CopyTests(PackedPackagesInUse inUse)
{
    private const string Output = "bin/Debug/net10.0/";
    private static readonly TinyModel Heavy = new() { Weights = [5, 5, 5, 5], ExternalFile = "heavy.onnx.data" };

    private readonly PackedPackages _packages = inUse.Packages;

    private static string[] Files(Consumer app, string folder) =>
        [.. Directory.GetFiles(app.PathOf(folder), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(app.PathOf(folder), f).Replace('\\', '/'))
            .Where(f => f.Contains(".onnx", StringComparison.Ordinal) || f.EndsWith(".txt", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    [Fact]
    public void Models_are_copied_once_and_published_as_their_items_say()
    {
        Consumer app = new Consumer(_packages, "copied/App")
            .WithProject("""
                <AdditionalFiles Include="models/**" CopyToOutputDirectory="PreserveNewest" />
                <AdditionalFiles Update="models/local.onnx" CopyToPublishDirectory="Never" />
                <AdditionalFiles Update="models/remote.onnx" CopyToOutputDirectory="Never" CopyToPublishDirectory="Always" />
                """)
            .With("models/heavy.onnx", Heavy)
            .With("models/heavy.onnx.data", Heavy.WeightBytes)
            .With("models/local.onnx", new TinyModel())
            .With("models/remote.onnx", new TinyModel())
            .With("Program.cs", "using App;\n" + Consumer.Print("Heavy"));
        app.Build().Succeeded();
        Assert.Equal(["models/App/models/heavy.onnx", "models/App/models/heavy.onnx.data", "models/App/models/local.onnx"], Files(app, Output));
        app.DotNetCommand("publish", "--no-build", "-c", "Debug", "-o", app.PathOf("published")).Succeeded();
        Assert.Equal(["models/App/models/heavy.onnx", "models/App/models/heavy.onnx.data", "models/App/models/remote.onnx"], Files(app, "published"));

        // Named by nothing but the model.
        CommandResult watched = app.DotNetCommand("msbuild", "-t:_CleaveCollectInputs", "-getItem:Watch,UpToDateCheckInput").Succeeded();
        Assert.Equal(2, watched.Lines.Count(l => l.Contains("\"Identity\"") && l.Contains("heavy.onnx.data")));
        Assert.Contains("_CleaveCollectInputs", app.DotNetCommand("msbuild", "-getProperty:CustomCollectWatchItems").Succeeded().Output);
    }

    [Fact]
    public void What_the_project_copies_itself_stays()
    {
        Consumer app = new Consumer(_packages, "kept/App")
            .WithProject("""
                <AdditionalFiles Include="models/*.onnx" />
                <None Update="models/face.onnx" CopyToOutputDirectory="PreserveNewest" />
                <None Update="labels.txt" CopyToOutputDirectory="PreserveNewest" />
                <None Include="labels.txt" Pack="true" PackagePath="/" />
                """)
            .With("models/face.onnx", new TinyModel())
            .With("models/other.onnx", new TinyModel())
            .With("labels.txt", "a face")
            .With("Program.cs", "System.Console.WriteLine();");
        app.DotNetCommand("restore").Succeeded();
        // Off: as without the package.
        Assert.Equal(["labels.txt", "labels.txt", "models/face.onnx", "models/other.onnx"], Identities(app.DotNetCommand("msbuild", "-getItem:None", "-p:CleaveEnabled=false").Succeeded()));
        // On: no model is a file of the editor's list twice.
        Assert.Equal(["labels.txt", "labels.txt", "models/face.onnx"], Identities(app.DotNetCommand("msbuild", "-getItem:None").Succeeded()));
        app.Build().Succeeded();
        Assert.Equal(["labels.txt", "models/App/models/face.onnx", "models/App/models/other.onnx", "models/face.onnx"], Files(app, Output));

        static string[] Identities(CommandResult result) =>
            [.. result.Lines.Where(l => l.Contains("\"Identity\"")).Select(l => l.Split('"')[3].Replace("\\\\", "/")).Order(StringComparer.Ordinal)];
    }

    /// <summary>As caches of models, version control for data and mounted volumes keep them.</summary>
    [Fact]
    public void What_a_link_leads_to_is_copied_when_it_changes()
    {
        Consumer app = new Consumer(_packages, "linked/App")
            .WithProject("""<AdditionalFiles Include="models/*.onnx" />""")
            .With("store/1/heavy", Heavy)
            .With("store/1/weights", Heavy.WeightBytes)
            .With("Program.cs", "using App;\n" + Consumer.Print("Heavy"));
        Directory.CreateDirectory(app.PathOf("models"));
        File.CreateSymbolicLink(app.PathOf("models/heavy.onnx"), app.PathOf("store/1/heavy"));
        File.CreateSymbolicLink(app.PathOf("models/heavy.onnx.data"), app.PathOf("store/1/weights"));
        CommandResult Publish() => app.DotNetCommand("publish", "-c", "Debug", "-v:normal", "-o", app.PathOf("published")).Succeeded();
        Publish();
        Assert.Equal(("Heavy: 5 5 5 5\n", "Heavy: 5 5 5 5\n"), (app.Run(), app.Run("published")));

        // Older weights of one length.
        app.With("store/1/weights", (Heavy with { Weights = [8, 8, 8, 8] }).WeightBytes);
        File.SetLastWriteTimeUtc(app.PathOf("store/1/weights"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Assert.Contains(Publish().Lines, l => l.Contains("Cleave: reading models/heavy.onnx"));
        Assert.Equal(("Heavy: 8 8 8 8\n", "Heavy: 8 8 8 8\n"), (app.Run(), app.Run("published")));
        Assert.DoesNotContain(Publish().Lines, l => l.Contains("Copying file from") && (l.Contains("heavy.onnx") || l.Contains("store/1")));

        // Another graph.
        app.With("store/1/heavy", Heavy with { Operator = "Add" });
        Publish();
        Assert.Equal(("Heavy: 9 9 9 9\n", "Heavy: 9 9 9 9\n"), (app.Run(), app.Run("published")));
    }
}
