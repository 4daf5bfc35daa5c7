using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Cleave.TestKit;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>docs/ci.md as a new user would follow it, on sample-app/BrokenModels.</summary>
[Collection(Checks.Name)]
public sealed class BrokenModelTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    private static readonly string Source = Path.Combine(SharedModels.Repository, "sample-app", "BrokenModels");
    private static readonly string Page = File.ReadAllText(Path.Combine(SharedModels.Repository, "docs", "ci.md"));

    /// <summary>The committed models are what the code makes. UPDATE_GOLDEN=1 writes them anew.</summary>
    [Fact]
    public void The_committed_models_have_one_small_change_each()
    {
        string folder = Path.Combine(Source, "models");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            foreach ((string path, byte[] bytes) in BrokenModelFiles.All)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
                File.WriteAllBytes(Path.Combine(folder, path), bytes);
            }
        }
        Assert.Equal(
            BrokenModelFiles.All.Keys.Order(StringComparer.Ordinal),
            Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder, f).Replace('\\', '/')).Order(StringComparer.Ordinal));
        Assert.All(BrokenModelFiles.All, file => Assert.Equal(file.Value, File.ReadAllBytes(Path.Combine(folder, file.Key))));
    }

    [Fact]
    public void Each_variant_of_the_page_fails_with_its_id_and_passes_when_mended()
    {
        Match[] rows = [.. Regex.Matches(Page, @"^\| `([a-z-]+)` \| .* \| \[(CLV\d+)\]", RegexOptions.Multiline).Cast<Match>()];
        Assert.True(rows.Length >= 12, "docs/ci.md lists the variants");
        // As the page says.
        const int validated = 3;
        string folder = Copy("broken");
        string[] validate = ["-p:CleaveValidate=true", "-p:CleaveTool=" + _packages.Tool];
        List<string> wrong = [];
        string before = "nothing";
        for (int i = 0; i < rows.Length; i++)
        {
            string variant = rows[i].Groups[1].Value, id = rows[i].Groups[2].Value;
            CommandResult broken = _packages.Build(folder, ["build", "-p:Broken=" + variant, .. Restoring(before, variant), .. i < rows.Length - validated ? [] : validate]);
            before = variant;
            // What the compiler misses for want of the class comes on top.
            string[] ids = [.. broken.Lines.Select(l => Regex.Match(l, @": error (CLV\d+):")).Where(m => m.Success).Select(m => m.Groups[1].Value).Distinct()];
            if (broken.ExitCode == 0 || ids is not [var found] || found != id)
                wrong.Add($"{variant}: {id} expected, found {string.Join(", ", ids)}\n{broken.Output}");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Contains("models/scale.onnx: passed", _packages.Build(folder, ["build", .. Restoring(before, ""), .. validate]).Succeeded().Output);

        // One variant has other references, and nothing is restored before the first.
        static string[] Restoring(string before, string now) => before == "nothing" || before == "no-runtime" || now == "no-runtime" ? [] : ["--no-restore"];
    }

    /// <summary>The recipes' own lines, in a shell.</summary>
    [SkippableTheory]
    [InlineData("GitHub Actions", "run")]
    [InlineData("Azure Pipelines", "script")]
    public void A_recipe_does_what_it_says(string section, string keyword)
    {
        Skip.If(OperatingSystem.IsWindows(), "The recipes are for bash.");
        string[] steps = [.. Regex.Matches(Page[Page.IndexOf("## " + section, StringComparison.Ordinal)..].Split("\n## ")[0], $@"- {keyword}: (.+)").Select(m => m.Groups[1].Value)];
        string folder = Copy("recipe-" + keyword), staging = Path.Combine(folder, "staging"), summary = Path.Combine(folder, "summary.md");
        string Step(int step, string broken) => $"export Broken={broken} CleaveTool='{_packages.Tool}' GITHUB_STEP_SUMMARY='{summary}'; " + steps[step]
            .Replace("${{ github.workspace }}", folder).Replace("$(Pipeline.Workspace)", folder).Replace("$(Build.ArtifactStagingDirectory)", staging);
        string results = Path.Combine(keyword == "run" ? folder : staging, "validation");

        _packages.Bash(folder, Step(0, "")).Succeeded();
        Assert.Equal(["0"], Failures());
        _packages.Bash(folder, Step(0, "refused")).Failed();
        Assert.Equal(["1"], Failures());
        if (keyword == "run")
        {
            _packages.Bash(folder, Step(1, "refused")).Succeeded();
            Assert.Contains("| models/refused.onnx | **failed** |", File.ReadAllText(summary));
        }
        // Beside the project, where the cache step keeps it.
        Assert.Single(Directory.GetFiles(Directory.GetDirectories(folder, "*cleave-validated").Single()));

        IEnumerable<string> Failures() => XDocument.Load(Path.Combine(results, "BrokenModels.junit.xml")).Root!.Elements("testsuite").Select(s => s.Attribute("failures")!.Value);
    }

    private string Copy(string name)
    {
        string folder = Path.Combine(_packages.Root, name, "BrokenModels");
        foreach (string file in Directory.GetFiles(Source, "*", SearchOption.AllDirectories))
        {
            string path = Path.GetRelativePath(Source, file);
            if (path.StartsWith("bin", StringComparison.Ordinal) || path.StartsWith("obj", StringComparison.Ordinal))
                continue;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, path))!);
            File.Copy(file, Path.Combine(folder, path));
        }
        // What sample-app says for all its projects, with the versions of this suite.
        File.WriteAllText(Path.Combine(folder, "Directory.Packages.props"), $"""
            <Project>
              <PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup>
              <ItemGroup>
                <PackageVersion Include="Cleave" Version="{_packages.Version}" />
                <PackageVersion Include="Microsoft.ML.OnnxRuntime" Version="{PackedPackages.OnnxRuntimeVersion}" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(Path.Combine(folder, "Directory.Build.props"),
            "<Project><PropertyGroup><TargetFramework>net10.0</TargetFramework><Nullable>enable</Nullable><ImplicitUsings>enable</ImplicitUsings></PropertyGroup></Project>");
        return folder;
    }
}
