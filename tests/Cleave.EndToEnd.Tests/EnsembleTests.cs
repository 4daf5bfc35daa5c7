using System.IO;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>An application with an ensemble, from the packages.</summary>
[Collection(Applications.Name)]
public sealed class EnsembleTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    private const string Program = """
        using Acme;
        using (VisionRunner runner = new())
        using (VisionOutput output = runner.Run(new VisionInput { X = new float[] { 1, 1, 1, 1 } }))
            System.Console.WriteLine("Vision: " + string.Join(" ", output.Y.ToArray()));

        """;

    private Consumer Write(string path, string ensemble) => new Consumer(_packages, path) { Properties = "<RootNamespace>Acme</RootNamespace>" }
        .WithProject($"""<AdditionalFiles Include="models/one.onnx" />{ensemble}""")
        .With("models/one.onnx", new TinyModel { Weights = [1, 2, 3, 4] })
        .With("models/two.onnx", new TinyModel { Weights = [3, 4, 5, 6] })
        .With("Program.cs", Program);

    [Fact]
    public void It_is_built_and_run_and_published_and_its_weights_are_replaced_without_compiling()
    {
        Consumer app = Write("ensembles/App", """<OnnxEnsemble Include="Vision" Models="models/one.onnx;models/two.onnx" Combine="WeightedMean" Weights="3;1" />""");
        app.Build().Succeeded();
        Assert.Equal("Vision: 1.5 2.5 3.5 4.5", app.Run().TrimEnd());
        app.DotNetCommand("publish", "--no-build", "-c", "Debug", "-o", app.PathOf("published")).Succeeded();
        Assert.Equal("Vision: 1.5 2.5 3.5 4.5", app.Run("published").TrimEnd());

        string assembly = app.PathOf("obj/Debug/net10.0/App.dll");
        System.DateTime compiled = File.GetLastWriteTimeUtc(assembly);
        app.With("models/two.onnx", new TinyModel { Weights = [7, 8, 9, 10] }).Build().Succeeded();
        Assert.Equal(compiled, File.GetLastWriteTimeUtc(assembly));
        Assert.Equal("Vision: 2.5 3.5 4.5 5.5", app.Run().TrimEnd());
    }

    [Fact]
    public void What_is_wrong_is_said_at_the_project()
    {
        CommandResult result = Write("ensembles/Bad", """<OnnxEnsemble Include="Vision" Models="models/one.onnx;./models/one.onnx" />""").Build();
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(result.Lines, l => l.Contains("Bad.csproj", System.StringComparison.Ordinal) && l.Contains("error CLV2031", System.StringComparison.Ordinal));
    }
}
