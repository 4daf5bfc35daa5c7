using System.IO;
using System.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>One application with models in every place a user may keep them.</summary>
[Collection(Applications.Name)]
public sealed class ApplicationTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    private static readonly TinyModel WithExternalWeights = new() { Weights = [5, 5, 5, 5], ExternalFile = "heavy.onnx.data" };

    private static readonly string[] Results =
        ["Plain: 1 2 3 4", "Umlaut: 2 2 2 2", "Heavy: 5 5 5 5", "Elsewhere: 3 3 3 3", "Linked: 6 6 6 6", "Late: 4 4 4 4", "Direct: 7 7 7 7"];

    private static readonly string[] Models =
    [
        "models/App/models/big/heavy.onnx",
        "models/App/models/big/heavy.onnx.data",
        "models/App/models/plain.onnx",
        "models/App/models/sub dir/ü#1.onnx",
        "models/App/late.onnx",
        "models/App/direct.onnx",
        "models/App/nets/linked.onnx",
    ];

    private Consumer Write(string path) => new Consumer(_packages, path)
    {
        // Generated code must be clean under whatever a project switches on.
        Properties = """
            <RootNamespace>Acme</RootNamespace><ImplicitUsings>disable</ImplicitUsings>
            <IsAotCompatible>true</IsAotCompatible><GenerateDocumentationFile>true</GenerateDocumentationFile>
            <AnalysisLevel>latest</AnalysisLevel>
            """,
    }
        .WithProject("""
            <AdditionalFiles Include="models\**" />
            <AdditionalFiles Update="models\sub dir\*" ClassName="Umlaut" />
            <AdditionalFiles Include="../shared models/elsewhere.ONNX" />
            <AdditionalFiles Include="../shared models/linked.onnx" Link="nets\linked.onnx" />
            <OnnxModel Include="direct.onnx" />
            """)
        .With("Directory.Build.targets", """<Project><ItemGroup><AdditionalFiles Include="late.onnx" /></ItemGroup></Project>""")
        .With("models/plain.onnx", new TinyModel())
        .With("models/sub dir/ü#1.onnx", new TinyModel { Weights = [2, 2, 2, 2] })
        .With("models/big/heavy.onnx", WithExternalWeights)
        .With("models/big/heavy.onnx.data", WithExternalWeights.WeightBytes)
        .With("../shared models/elsewhere.ONNX", new TinyModel { Weights = [3, 3, 3, 3] })
        .With("../shared models/linked.onnx", new TinyModel { Weights = [6, 6, 6, 6] })
        .With("late.onnx", new TinyModel { Weights = [4, 4, 4, 4] })
        .With("direct.onnx", new TinyModel { Weights = [7, 7, 7, 7] })
        .With("Program.cs", "using Acme;\n" + string.Concat(new[] { "Plain", "Umlaut", "Heavy", "Elsewhere", "Linked", "Late", "Direct" }.Select(Consumer.Print)));

    private static void HasModels(string folder)
    {
        Assert.All(Models, m => Assert.True(File.Exists(Path.Combine(folder, m)), m));
        Assert.Single(Directory.GetFiles(Path.Combine(folder, "models", "App"), "elsewhere.ONNX", SearchOption.AllDirectories));
    }

    [Fact]
    public void Models_from_every_place_run_and_are_published_and_cleaned()
    {
        Consumer app = Write("folder ä #1/App");
        CommandResult built = app.Build().Succeeded();
        Assert.Equal(7, built.Lines.Count(l => l.Contains("Cleave: reading")));
        HasModels(app.PathOf("bin/Debug/net10.0"));
        Assert.Equal(Results, app.Run().TrimEnd().Split('\n'));

        app.DotNetCommand("publish", "--no-build", "-c", "Debug", "-o", app.PathOf("published")).Succeeded();
        HasModels(app.PathOf("published"));
        Assert.Equal(Results, app.Run("published").TrimEnd().Split('\n'));

        app.DotNetCommand("clean").Succeeded();
        Assert.False(Directory.Exists(app.PathOf("obj/Debug/net10.0/cleave")));
        Assert.Empty(Directory.GetFiles(app.PathOf("bin"), "*.onnx*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_single_file_finds_its_models_beside_it_or_inside()
    {
        Consumer app = Write("single/App");
        string[] singleFile = ["--use-current-runtime", "--self-contained", "false", "-p:PublishSingleFile=true", "-p:IncludeNativeLibrariesForSelfExtract=true"];
        app.DotNetCommand("publish", [.. singleFile, "-o", app.PathOf("beside")]).Succeeded();
        HasModels(app.PathOf("beside"));
        Assert.False(File.Exists(app.PathOf("beside/App.dll")));
        Assert.Equal(Results, app.Run("beside").TrimEnd().Split('\n'));

        app.DotNetCommand("publish", [.. singleFile, "-p:IncludeAllContentForSelfExtract=true", "-o", app.PathOf("inside")]).Succeeded();
        Assert.False(Directory.Exists(app.PathOf("inside/models")));
        Assert.Equal(Results, app.Run("inside").TrimEnd().Split('\n'));
    }

    [Fact]
    public void A_design_time_build_gives_the_compiler_the_listings_and_no_binary_file()
    {
        Consumer app = Write("design/App");
        app.DotNetCommand("restore").Succeeded();
        CommandResult built = app.Build("--no-restore", "-t:Compile", "-p:DesignTimeBuild=true", "-p:SkipCompilerExecution=true",
            "-p:ProvideCommandLineArgs=true", "-getItem:CscCommandLineArgs").Succeeded();
        string[] files = [.. built.Lines.Where(l => l.Contains("\"Identity\": \"/additionalfile:")).Select(l => l.Trim().TrimEnd('"', ',').Replace("\\u0022", ""))];
        Assert.Equal(7, files.Length);
        Assert.All(files, f => Assert.EndsWith(".graph", f));
        Assert.Equal(7, Directory.GetFiles(app.PathOf("obj/Debug/net10.0/cleave"), "*.graph").Length);
    }

    [Fact]
    public void An_artifacts_folder_takes_everything_that_is_made()
    {
        Consumer app = Write("artifacts/App");
        app.Build("--artifacts-path", app.PathOf("../made")).Succeeded();
        HasModels(app.PathOf("../made/bin/App/debug"));
        Assert.Equal(7, Directory.GetFiles(app.PathOf("../made/obj/App/debug/cleave"), "*.graph").Length);
        Assert.False(Directory.Exists(app.PathOf("obj/Debug")));
        Assert.Equal(Results, app.Run("../made/bin/App/debug").TrimEnd().Split('\n'));
    }

    [Fact]
    public void Switched_off_the_package_leaves_no_trace()
    {
        Consumer app = Write("off/App").With("Program.cs", "System.Console.WriteLine(1);");
        app.DotNetCommand("publish", "-c", "Debug", "-p:CleaveEnabled=false").Succeeded();
        Assert.False(Directory.Exists(app.PathOf("obj/Debug/net10.0/cleave")));
        Assert.Empty(Directory.GetFiles(app.PathOf("bin"), "*.onnx*", SearchOption.AllDirectories));
    }
}
