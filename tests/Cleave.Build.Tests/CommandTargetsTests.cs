using System;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Build.Tests;

/// <summary>What the targets tell the command <c>cleave</c>, in folders whose names a shell would take for its own. A script stands for the command, and says what it was told.</summary>
public sealed class CommandTargetsTests : IDisposable
{
    private const string Hostile = "$HOME `id` 'b' (c) & d;e%41 #f!";
    private readonly MSBuildRun _run = new();

    public void Dispose() => _run.Dispose();

    [SkippableFact]
    public async Task Validation_is_told_folders_as_they_are()
    {
        string folder = Application(Hostile);
        (int code, string output) = await Run(Hostile, "-t:Build", "-p:CleaveValidate=true", "-p:CleaveValidationLimit=7");
        string[] said = Said(output);
        Assert.Equal(["validate", "--project", folder, "--cache", folder + "/obj/cleave-validated", "--junit", folder + "/obj/cleave-results/App.junit.xml",
            "--summary", folder + "/obj/cleave-results/App.md", "--limit", "7"], said[..^1]);
        Assert.True(File.Exists(said[^1].Trim('"')), said[^1]);
        Assert.Equal(0, code);
    }

    [SkippableFact]
    public async Task Preparation_is_told_folders_as_they_are()
    {
        string folder = Application(Hostile);
        (int code, string output) = await Run(Hostile, "-t:Publish", "-p:CleavePrepare=true", "-p:CleavePrepareCores=2");
        string[] said = Said(output);
        Assert.Equal(["prepare", "--published", folder + "/out/", "--cores", "2"], said[..^1]);
        Assert.True(File.Exists(said[^1].Trim('"')), said[^1]);
        Assert.Equal(0, code);
    }

    [SkippableFact]
    public async Task The_command_is_installed_into_folders_as_they_are()
    {
        string folder = Application(Hostile);
        (int code, string output) = await Run(Hostile, "-t:_CleaveFindTool", "-p:CleaveTool=gone", "-getProperty:_CleaveNoTool");
        Assert.Equal("Cleave.Tool 1.2.3 could not be installed; it needs the .NET 10 SDK: told tool;told install;told Cleave.Tool;told --version;told 1.2.3;told --tool-path;told "
            + folder + "/obj/cleave-tool/1.2.3;told --add-source;told " + folder + "/feed;told --add-source;told /other feed", output.Trim());
        Assert.Equal(0, code);
    }

    [SkippableTheory]
    [InlineData("Build", "CleaveValidate", "CLV3010: 'App.csproj' asks for the validation of its models")]
    [InlineData("Publish", "CleavePrepare", "CLV3012: 'App.csproj' asks for prepared models")]
    public async Task A_quotation_mark_in_a_folder_is_said_to_be_in_the_way(string target, string property, string expected)
    {
        string folder = Application("a\"b");
        (int code, string output) = await Run("a\"b", "-t:" + target, $"-p:{property}=true");
        string error = Assert.Single(output.Split('\n'), static l => l.Contains("error", StringComparison.Ordinal));
        Assert.Contains($"error {expected}, but the path '{folder}/obj/cleave/my_model~", error, StringComparison.Ordinal);
        Assert.Contains("has a quotation mark, and no command can be told such a path in a file; put the project into another folder.", error, StringComparison.Ordinal);
        Assert.Empty(Said(output));
        Assert.Equal(1, code);
    }

    // Of the file with further arguments its lines are said.
    private string Application(string name)
    {
        Skip.If(OperatingSystem.IsWindows(), "Folders cannot have such names there, and the script is one of sh.");
        string folder = Path.Combine(_run.Folder, name), command = Path.Combine(folder, "cleave");
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "my model.onnx"), new TinyModel().ToBytes());
        File.WriteAllText(command, """
            #!/bin/sh
            for given in "$@"; do
                case "$given" in
                    @*) while read -r line || [ -n "$line" ]; do printf 'told %s\n' "$line"; done < "${given#@}" ;;
                    *) printf 'told %s\n' "$given" ;;
                esac
            done
            """ + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(command, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return folder;
    }

    private Task<(int Code, string Output)> Run(string folder, params string[] arguments) => _run.Run(folder + "/App.csproj", $"""
        <Project>
          <PropertyGroup>
            <Language>C#</Language>
            <AssemblyName>App</AssemblyName>
            <BaseIntermediateOutputPath>obj/</BaseIntermediateOutputPath>
            <IntermediateOutputPath>obj/</IntermediateOutputPath>
            <PublishDir>out/</PublishDir>
            <CleaveTool>$(MSBuildProjectDirectory)/cleave</CleaveTool>
            <CleaveToolVersion>1.2.3</CleaveToolVersion>
            <DOTNET_HOST_PATH>$(MSBuildProjectDirectory)/cleave</DOTNET_HOST_PATH>
            <RestoreAdditionalProjectSources>$(MSBuildProjectDirectory)/feed;/other feed</RestoreAdditionalProjectSources>
            <_CleaveTasksAssembly>{typeof(RunProgram).Assembly.Location}</_CleaveTasksAssembly>
          </PropertyGroup>
          <ItemGroup><OnnxModel Include="my model.onnx" /></ItemGroup>
          <Target Name="Build" DependsOnTargets="CleaveListModels" />
          <Target Name="Publish" DependsOnTargets="CleaveListModels" />
          <Import Project="{MSBuildRun.Targets}" />
        </Project>
        """, arguments);

    private static string[] Said(string output) =>
        [.. output.Split('\n').Select(static l => l.TrimStart()).Where(static l => l.StartsWith("told ", StringComparison.Ordinal)).Select(static l => l["told ".Length..])];
}
