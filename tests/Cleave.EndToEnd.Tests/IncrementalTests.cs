using System;
using System.IO;
using System.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>What a build does again after a change, and what not.</summary>
[Collection(Checks.Name)]
public sealed class IncrementalTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    private const string Obj = "obj/Debug/net10.0/cleave/";

    private static string Items(string first = "") => $"""
        <AdditionalFiles Include="models/first.onnx" {first} /><AdditionalFiles Include="models/second.onnx" />
        """;

    [Fact]
    public void Only_what_changed_is_done_again()
    {
        Consumer app = new Consumer(_packages, "incremental/App").WithProject(Items())
            .With("models/first.onnx", new TinyModel())
            .With("models/second.onnx", new TinyModel { Weights = [2, 2, 2, 2] })
            .With("Program.cs", "using App;\n" + Consumer.Print("First") + Consumer.Print("Second"));
        Did(app.Build("-v:normal"), compile: true, "models/first.onnx", "models/second.onnx");
        Assert.Equal("First: 1 2 3 4\nSecond: 2 2 2 2\n", app.Run());

        // Nothing.
        Did(app.Build("-v:normal"), compile: false);

        // Weights: copied, not compiled.
        app.With("models/first.onnx", new TinyModel { Weights = [9, 9, 9, 9] });
        Did(app, compile: false, "models/first.onnx");
        Assert.Equal("First: 9 9 9 9\nSecond: 2 2 2 2\n", app.Run());

        // Taken back: an older file.
        app.With("models/first.onnx", new TinyModel { Weights = [7, 7, 7, 7] });
        File.SetLastWriteTimeUtc(app.PathOf("models/first.onnx"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Did(app, compile: false, "models/first.onnx");
        Assert.Equal("First: 7 7 7 7\nSecond: 2 2 2 2\n", app.Run());

        // The graph.
        app.With("models/first.onnx", new TinyModel { Weights = [9, 9, 9, 9], Operator = "Add" });
        Did(app, compile: true, "models/first.onnx");
        Assert.Equal("First: 10 10 10 10\nSecond: 2 2 2 2\n", app.Run());

        // Metadata.
        app.WithProject(Items("ClassName=\"Premier\""))
            .With("Program.cs", "using App;\n" + Consumer.Print("Premier") + Consumer.Print("Second"));
        Did(app, compile: true, "models/first.onnx");

        // A listing that somebody deleted: the same again, but the compiler has to look.
        byte[] listing = File.ReadAllBytes(app.PathOf(Obj + "models.second.graph"));
        File.Delete(app.PathOf(Obj + "models.second.graph"));
        Did(app, compile: true, "models/second.onnx");
        Assert.Equal(listing, File.ReadAllBytes(app.PathOf(Obj + "models.second.graph")));

        // A model that left the project takes its files with it.
        app.WithProject("""<AdditionalFiles Include="models/second.onnx" />""")
            .With("Program.cs", "using App;\n" + Consumer.Print("Second"));
        Did(app, compile: true);
        Assert.Equal(["models.second.graph", "models.second.stamp"], Directory.GetFiles(app.PathOf(Obj)).Select(f => Path.GetFileName(f)!).Order());
        Assert.Equal("second.onnx", Path.GetFileName(Assert.Single(Directory.GetFiles(app.PathOf("bin"), "*.onnx", SearchOption.AllDirectories))));
    }

    // The references stay as they are.
    private static void Did(Consumer app, bool compile, params string[] read) => Did(app.Build("--no-restore", "-v:normal"), compile, read);

    private static void Did(CommandResult built, bool compile, params string[] read)
    {
        built.Succeeded();
        Assert.Equal(read, built.Lines.Where(l => l.Contains("Cleave: reading ")).Select(l => l.Trim().Replace("Cleave: reading ", "")));
        bool skipped = built.Lines.Any(l => l.Contains("Skipping target \"CoreCompile\""));
        Assert.True(compile != skipped, built.Output);
    }
}
