using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary><c>dotnet build -p:CleaveValidate=true</c>, as docs/ci.md has it.</summary>
[Collection(Checks.Name)]
public sealed class ValidationTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    // What a shell would take for its own; Windows has less of it in names of files.
    private static string Odd(string folder) => folder + (OperatingSystem.IsWindows() ? " 'a' & $b" : " 'a' & $HOME `id`");

    [Fact]
    public void The_models_are_run_on_the_projects_ONNX_Runtime_by_the_tool_of_the_same_version()
    {
        _packages.PackTool();
        // Of several frameworks each writes its own results.
        Consumer app = new Consumer(_packages, Odd("validated ü") + "/App") { Frameworks = "net10.0;" }
            .WithProject("""<AdditionalFiles Include="models/good one.onnx;models/refused.onnx" /><AdditionalFiles Include="theirs.onnx" Validate="false" />""")
            .With("models/good one.onnx", new TinyModel())
            .With("models/refused.onnx", new TinyModel())
            .With("theirs.onnx", new TinyModel { Operator = "Relu" })
            .With("Program.cs", "using App;\n" + Consumer.Print("GoodOne"));
        string[] validate = ["-p:CleaveValidate=true", "-p:CleaveValidationResults=" + app.PathOf("results")];

        CommandResult first = app.Build(validate).Succeeded();
        Assert.Contains("models/good one.onnx: passed", first.Output);
        Assert.Contains("theirs.onnx: not validated: its item says Validate=\"false\"", first.Output);
        Assert.Equal(3, XDocument.Load(app.PathOf("results/App.net10.0.junit.xml")).Root!.Elements("testsuite").Count());
        string summary = File.ReadAllText(app.PathOf("results/App.net10.0.md"));
        Assert.Contains("| passed |", summary);
        Assert.Contains($"Run on ONNX Runtime {PackedPackages.OnnxRuntimeVersion.Split('-')[0]} (", summary);

        // What ONNX Runtime alone sees: Relu takes one input.
        app.With("models/refused.onnx", new TinyModel { Operator = "Relu" });
        app.Build("--no-restore").Succeeded();
        CommandResult broken = app.Build(["--no-restore", .. validate]).Failed();
        Assert.Contains("passed before, unchanged", broken.Output);
        Assert.Contains(app.PathOf("models/refused.onnx") + " : error CLV3008: The model 'models/refused.onnx' failed its validation", broken.Output);

        CommandResult none = app.Build(["--no-restore", "-p:CleaveTool=" + app.PathOf("gone/cleave"), "-p:CleaveToolVersion=9.9.9", .. validate]).Failed();
        Assert.Contains("App.csproj : error CLV3010: 'App.csproj' asks for the validation of its models, but Cleave.Tool 9.9.9 could not be installed", none.Output);
    }

    /// <summary>The command brings the release that it was built with; what runs is the project's, whichever one its models are compared with.</summary>
    [SkippableFact]
    public void A_project_on_another_release_is_validated_on_that()
    {
        const string other = "1.31.1";
        Skip.If(PackedPackages.OnnxRuntimeVersion == other, "The packages are built with it.");
        Consumer app = new Consumer(_packages, "other/App")
            .WithProject("""<AdditionalFiles Include="model.onnx" />""")
            .With("model.onnx", new TinyModel())
            .With("Program.cs", "using App;\n" + Consumer.Print("Model"));
        app.With("App.csproj", File.ReadAllText(app.PathOf("App.csproj")).Replace(
            $"Include=\"Microsoft.ML.OnnxRuntime\" Version=\"{PackedPackages.OnnxRuntimeVersion}\"", $"Include=\"Microsoft.ML.OnnxRuntime\" Version=\"{other}\""));
        CommandResult restored = app.DotNetCommand("restore");
        Skip.If(restored.ExitCode != 0 && restored.Lines.Any(l => Regex.IsMatch(l, @"NU110[123]\b.*Microsoft\.ML\.OnnxRuntime|NU1301\b")), "No source that answers has ONNX Runtime " + other + ".");
        restored.Succeeded();
        app.Build("--no-restore", "-p:CleaveValidate=true", "-p:CleaveTool=" + _packages.Tool, "-p:CleaveOnnxRuntime=1.30.0", "-p:NoWarn=CLV1024", "-p:CleaveValidationResults=" + app.PathOf("results")).Succeeded();
        Assert.Contains($"Run on ONNX Runtime {other} (", File.ReadAllText(app.PathOf("results/App.md")));
    }
}
