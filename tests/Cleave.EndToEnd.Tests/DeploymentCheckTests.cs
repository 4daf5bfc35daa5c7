using System;
using System.IO;
using System.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>What would be missing where the application runs is missed by the build.</summary>
[Collection(Applications.Name)]
public sealed class DeploymentCheckTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    // Takes a model away after Cleave has put it there.
    private const string Spoiler = """
        <Project>
          <Target Name="Spoil" AfterTargets="_CleavePublishModels;ComputeResolvedFilesToPublishList">
            <ItemGroup><ResolvedFileToPublish Remove="@(ResolvedFileToPublish)" Condition="'$(Spoil)' == 'true' and '%(Extension)' == '.onnx'" /></ItemGroup>
            <ItemGroup><ResolvedFileToPublish Remove="@(ResolvedFileToPublish)" Condition="'$(Spoil)' == 'native' and $([System.String]::Copy('%(Filename)').Contains('onnxruntime'))" /></ItemGroup>
          </Target>
          <Target Name="SpoilOutput" AfterTargets="CopyFilesToOutputDirectory" BeforeTargets="_CleaveCheckOutput" Condition="'$(Spoil)' == 'output'">
            <Delete Files="$(OutDir)models/Lib/models/model.onnx" />
          </Target>
        </Project>
        """;

    private static string[] Ids(CommandResult result) =>
        [.. result.Lines.Where(l => l.Contains(": error CLV")).Select(l => l.Trim()).Distinct().Select(l => l[(l.IndexOf(": error ") + 8)..].Split(':')[0])];

    /// <summary>An application that knows Cleave only through a library with a model.</summary>
    [Fact]
    public void An_application_that_references_a_library_with_models_is_checked()
    {
        Consumer library = new Consumer(_packages, "deployed/Lib") { IsApplication = false }
            .WithProject("""<AdditionalFiles Include="models/model.onnx" Access="public" />""")
            .With("models/model.onnx", new TinyModel());
        Consumer app = new Consumer(_packages, "deployed/App") { IsApplication = false, Properties = "<OutputType>Exe</OutputType>" }
            .WithProject("""
                <ProjectReference Include="../Lib/Lib.csproj" />
                <None Update="models/**/own.onnx" CopyToOutputDirectory="PreserveNewest" CopyToPublishDirectory="Never" />
                """)
            // No models of a library: what the project does with its own files is its own affair.
            .With("models/own.onnx", new TinyModel())
            .With("models/Kept/own.onnx", new TinyModel())
            .With("Directory.Build.targets", Spoiler)
            .With("Program.cs", Consumer.Print("Lib.Model"));
        string project = File.ReadAllText(app.PathOf("App.csproj"));
        string without = string.Join('\n', project.Split('\n').Where(l => !l.Contains("Include=\"Cleave\"")));
        app.With("App.csproj", without);

        // No ONNX Runtime.
        CommandResult bare = app.Build().Failed();
        Assert.Equal(["CLV3005"], Ids(bare));
        Assert.Contains("App.csproj : error CLV3005: The application 'App.csproj' runs models", bare.Output);
        app.Build("--no-restore", "-p:NoWarn=CLV3005").Succeeded();

        // One, and nothing is wrong any more.
        app.With("App.csproj", without.Replace("<ProjectReference", $"<PackageReference Include=\"Microsoft.ML.OnnxRuntime\" Version=\"{PackedPackages.OnnxRuntimeVersion}\" /><ProjectReference"));
        app.DotNetCommand("publish", "-c", "Debug", "-o", app.PathOf("published")).Succeeded();
        Assert.Equal("Lib.Model: 1 2 3 4\n", app.Run("published"));

        // The library's build validates its model; what prepares it the application has to reference itself.
        CommandResult validated = app.Build("--no-restore", "-p:CleaveValidate=true", "-p:CleaveTool=" + _packages.Tool).Succeeded();
        Assert.Contains("models/model.onnx: passed (", validated.Output);
        CommandResult unprepared = app.DotNetCommand("publish", "--no-restore", "-c", "Debug", "-p:CleavePrepare=true", "-o", app.PathOf("published")).Failed();
        Assert.Equal(["CLV3012"], Ids(unprepared));
        Assert.Contains("App.csproj : error CLV3012: 'App.csproj' asks for prepared models, but it does not itself reference the package Cleave, which prepares them: add the reference", unprepared.Output);

        // For Alpine, NuGet takes the library for glibc, which does not load there.
        CommandResult alpine = app.DotNetCommand("publish", "-c", "Debug", "-r", "linux-musl-x64", "--self-contained", "false", "-p:UseAppHost=false", "-o", app.PathOf("alpine")).Failed();
        Assert.Equal(["CLV3005"], Ids(alpine));
        app.DotNetCommand("restore").Succeeded();

        // A library's model that is replaced by an older one.
        library.With("models/model.onnx", new TinyModel { Weights = [7, 7, 7, 7] });
        File.SetLastWriteTimeUtc(library.PathOf("models/model.onnx"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        app.DotNetCommand("publish", "--no-restore", "-c", "Debug", "-o", app.PathOf("published")).Succeeded();
        Assert.Equal("Lib.Model: 7 7 7 7\n", app.Run("published"));
        Assert.Equal("Lib.Model: 7 7 7 7\n", app.Run());

        // A target that takes the model away: what an earlier publish left behind does not hide it.
        CommandResult spoiled = app.DotNetCommand("publish", "--no-restore", "-c", "Debug", "-p:Spoil=true", "-o", app.PathOf("published")).Failed();
        Assert.Equal(["CLV3004"], Ids(spoiled));
        Assert.Contains("The file 'model.onnx' of a model is not in the publish output at 'models/Lib/models/model.onnx'", spoiled.Output);
        CommandResult single = app.DotNetCommand("publish", "-c", "Debug", "--use-current-runtime", "--self-contained", "false", "-p:PublishSingleFile=true",
            "-p:Spoil=true", "-o", app.PathOf("single")).Failed();
        Assert.Equal(["CLV3004"], Ids(single));

        CommandResult output = app.Build("-p:Spoil=output").Failed();
        Assert.Equal(["CLV3004"], Ids(output));
        Assert.Contains("The file 'model.onnx' of a model is not in the output at 'models/Lib/models/model.onnx'", output.Output);

        CommandResult bareOfNative = app.DotNetCommand("publish", "--no-restore", "-c", "Debug", "-p:Spoil=native", "-o", app.PathOf("bare")).Failed();
        Assert.Equal(["CLV3005"], Ids(bareOfNative));
        Assert.Contains("no native ONNX Runtime reaches its publish output", bareOfNative.Output);
    }

    /// <summary>The eighth shape of a project: the others stand in <see cref="ApplicationTests"/> and <see cref="LibraryTests"/>.</summary>
    [Fact]
    public void A_test_project_runs_models_too()
    {
        Consumer tests = new Consumer(_packages, "tested/Tests") { IsApplication = false, Properties = "<IsPackable>false</IsPackable>" }
            .WithProject("""
                <AdditionalFiles Include="model.onnx" />
                <PackageReference Include="Microsoft.NET.Test.Sdk" Version="17.12.0" />
                """)
            .With("model.onnx", new TinyModel())
            .With("ModelTests.cs", "using Tests; public static class ModelTests { public static void Run() { " + Consumer.Print("Model") + " } }");
        Assert.Equal(["CLV3005"], Ids(tests.Build().Failed()));
        tests.With("Tests.csproj", File.ReadAllText(tests.PathOf("Tests.csproj")).Replace(
            "<AdditionalFiles", $"<PackageReference Include=\"Microsoft.ML.OnnxRuntime\" Version=\"{PackedPackages.OnnxRuntimeVersion}\" /><AdditionalFiles"));
        tests.Build().Succeeded();
    }

    [Fact]
    public void A_library_that_is_packed_without_its_model_is_told_so()
    {
        Consumer library = new Consumer(_packages, "packed/Lib", cleave: "PrivateAssets=\"all\"") { IsApplication = false, Properties = "<WarningsAsErrors>CLV3006</WarningsAsErrors><NoWarn>NU5104</NoWarn>" }
            .WithProject("""<AdditionalFiles Include="models/model.onnx" />""")
            .With("models/model.onnx", new TinyModel());
        CommandResult packed = library.DotNetCommand("pack").Failed();
        Assert.Equal(["CLV3006"], Ids(packed));
        Assert.Contains("does not hold the model 'models/model.onnx'", packed.Output);
        Assert.Contains("Lib.csproj : warning CLV3015: 'Lib.csproj' references Cleave with PrivateAssets", packed.Output);
        library.DotNetCommand("pack", "--no-restore", "-p:NoWarn=NU5104%3BCLV3006%3BCLV3015").Succeeded();

        // With several frameworks another build packs, which imports no targets of Cleave.
        string project = File.ReadAllText(library.PathOf("Lib.csproj")).Replace("<TargetFramework>net10.0</TargetFramework>", "<TargetFrameworks>net10.0;</TargetFrameworks>").Replace("PrivateAssets=\"all\"", "");
        packed = library.With("Lib.csproj", project).DotNetCommand("pack").Failed();
        Assert.Equal(["CLV3006"], Ids(packed));
        Assert.DoesNotContain("CLV3015", packed.Output);

        library.With("Lib.csproj", project.Replace("</ItemGroup>", """
            <None Include="models/model.onnx" Pack="true" PackagePath="models/Lib/models/" />
            <AdditionalFiles Include="embedded.onnx" CopyToOutputDirectory="Never" /></ItemGroup>
            """))
            // Neither is looked for by who uses the package: the one is no model, the other is copied nowhere.
            .With("models/model.onnx.tune", "cleave-tuning 1\n")
            .With("embedded.onnx", new TinyModel());
        library.DotNetCommand("pack", "--no-restore").Succeeded();
    }

    [Fact]
    public void A_severity_is_the_projects_choice()
    {
        Consumer app = new Consumer(_packages, "severity/App")
            .WithProject("""<AdditionalFiles Include="kept.onnx" />""")
            .With("kept.onnx", new TinyModel())
            .With("kept.onnx.contract.txt", "cleave-contract 1\n")
            .With("Program.cs", "using App;\n" + Consumer.Print("Kept"));
        Assert.Equal(["CLV1022"], Ids(app.Build().Failed()));
        app.With(".globalconfig", "is_global = true\ndotnet_diagnostic.CLV1022.severity = suggestion\n").Build("--no-restore").Succeeded();
        Assert.Equal("Kept: 1 2 3 4\n", app.Run());
        app.With(".globalconfig", "is_global = true\n").Build("--no-restore", "-p:NoWarn=CLV1022").Succeeded();
    }
}
