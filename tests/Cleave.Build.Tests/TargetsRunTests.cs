using System;
using System.IO;
using System.Threading.Tasks;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Build.Tests;

/// <summary>What MSBuild makes of targets that need no task, in a project without models.</summary>
public sealed class TargetsRunTests : IDisposable
{
    private readonly MSBuildRun _run = new();

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData("<CleavePrepare>1</CleavePrepare>", "CleavePrepare to '1'; use true or false")]
    [InlineData("<CleavePrepare> true </CleavePrepare>", "CleavePrepare to ' true '; use true or false")]
    [InlineData("<CleaveEnabled>false</CleaveEnabled><CleaveValidate>2</CleaveValidate>", "CleaveValidate to '2'; use true or false")]
    [InlineData("<CleaveEnabled>flase</CleaveEnabled>", "CleaveEnabled to 'flase'; use true or false")]
    [InlineData("<CleaveOnnxRuntime>latest</CleaveOnnxRuntime>", "CleaveOnnxRuntime to 'latest'; use a version, such as 1.30.0")]
    [InlineData("<CleaveOnnxRuntime>v1.30</CleaveOnnxRuntime>", "CleaveOnnxRuntime to 'v1.30'; use a version, such as 1.30.0")]
    public async Task A_property_that_means_nothing_is_an_error(string properties, string expected)
    {
        (int code, string output) = await Run(properties, "", "-t:CleaveListModels");
        Assert.Contains("error CLV3007: 'App.csproj' sets the property " + expected + ", or leave it out.", output, StringComparison.Ordinal);
        Assert.Equal(1, code);
    }

    // The second are what MSBuild takes for the first wherever the targets ask.
    [Theory]
    [InlineData("<CleaveEnabled>True</CleaveEnabled><CleaveValidate>FALSE</CleaveValidate><CleavePrepare>true</CleavePrepare><CleaveOnnxRuntime>1.30-dev</CleaveOnnxRuntime>")]
    [InlineData("<CleaveEnabled>on</CleaveEnabled><CleaveValidate>no</CleaveValidate><CleavePrepare>yes</CleavePrepare><CleaveOnnxRuntime>1.30</CleaveOnnxRuntime>")]
    public async Task Values_that_mean_something_pass(string properties)
    {
        (int code, string output) = await Run(properties, "", "-t:CleaveListModels");
        Assert.DoesNotContain("CLV", output, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    [Theory]
    [InlineData("1.30.0", "Microsoft.ML.OnnxRuntime/1.30.0")]
    [InlineData("1.24.4 1.30.0", "Microsoft.ML.OnnxRuntime.DirectML/1.24.4", "Microsoft.ML.OnnxRuntime/1.30.0")]
    [InlineData("1.30.0", "Microsoft.ML.OnnxRuntime.Gpu.Linux/1.30.0", "org.k2fsa.sherpa.onnx.runtime.linux-x64/1.13.2")]
    [InlineData("", "MyCompany.OnnxRuntime/1.0.3")]
    [InlineData("", "Microsoft.ML.OnnxRuntimeGenAI/0.9.0")]
    [InlineData("1.29.0")]
    public async Task The_version_is_that_of_the_packages_of_ONNX_Runtime(string expected, params string[] packages)
    {
        string items = "<ResolvedCompileFileDefinitions Include=\"m/Microsoft.ML.OnnxRuntime.dll\" NuGetPackageId=\"Microsoft.ML.OnnxRuntime.Managed\" NuGetPackageVersion=\"1.29.0\" />";
        foreach (string[] package in Array.ConvertAll(packages, static p => p.Split('/')))
            items += $"<RuntimeTargetsCopyLocalItems Include=\"{package[0]}/libonnxruntime.so\" NuGetPackageId=\"{package[0]}\" NuGetPackageVersion=\"{package[1]}\" />";
        (int code, string output) = await Run("", items, "-t:_CleaveFindOnnxRuntime", "-getProperty:CleaveOnnxRuntime");
        Assert.Equal((0, expected), (code, output.Trim()));
    }

    // The compiler would cut the folder at the first of them.
    [Fact]
    public async Task The_folder_reaches_the_generator_whole()
    {
        Directory.CreateDirectory(Path.Combine(_run.Folder, "C#;a|b"));
        (int code, string output) = await _run.Run("C#;a|b/App.csproj", $"<Project><Import Project=\"{MSBuildRun.Targets}\" /></Project>", "-getProperty:CleaveProjectFolder");
        Assert.Equal((0, Path.Combine(_run.Folder, "C|h|sa|pb") + "/"), (code, output.Trim()));
        (code, output) = await Run("<RootNamespace>C#Demo%3BX</RootNamespace>", "", "-t:CleaveListModels", "-getProperty:CleaveRootNamespace");
        Assert.Equal((0, "C|hDemo|sX"), (code, output.Trim()));
    }

    // Of test projects a package says so that may be imported after this one, by the names of the projects between them.
    [Fact]
    public async Task An_application_is_one_also_where_that_is_said_later()
    {
        string project = $"""
            <Project>
              <Import Project="{Path.Combine(SharedModels.Repository, "nuget", "buildTransitive", "Cleave.Runtime.targets")}" />
              <PropertyGroup><OutputType>Exe</OutputType><AssemblyName>App.Tests</AssemblyName></PropertyGroup>
              <Target Name="GetCopyToOutputDirectoryItems">
                <ItemGroup><AllItemsFullPathWithTargetPath Include="face.onnx" TargetPath="models/Lib/face.onnx" /></ItemGroup>
              </Target>
            </Project>
            """;
        (int code, string output) = await _run.Run("App.csproj", project, "-t:_CleaveFindModels", "-getItem:_CleaveExpected");
        Assert.Contains("models/Lib/face.onnx", output, StringComparison.Ordinal);
        Assert.Equal(0, code);
    }

    // An application that has Cleave through a library only: nothing prepares, whatever it asks for.
    [Theory]
    [InlineData(true, "<CleavePrepare>true</CleavePrepare>")]
    [InlineData(false, "")]
    [InlineData(false, "<CleavePrepare>true</CleavePrepare><NoWarn>CLV3012</NoWarn>")]
    [InlineData(false, "<CleavePrepare>true</CleavePrepare><OutputType>Library</OutputType>")]
    [InlineData(false, "<CleavePrepare>true</CleavePrepare><_CleaveTasksAssembly>Cleave.Build.dll</_CleaveTasksAssembly>")]
    public async Task What_nothing_prepares_is_missed_by_publishing(bool isError, string properties)
    {
        string project = $"""
            <Project>
              <PropertyGroup><OutputType>Exe</OutputType>{properties}</PropertyGroup>
              <Target Name="GetCopyToOutputDirectoryItems">
                <ItemGroup><AllItemsFullPathWithTargetPath Include="face.onnx" TargetPath="models/Lib/face.onnx" /></ItemGroup>
              </Target>
              <Import Project="{Path.Combine(SharedModels.Repository, "nuget", "buildTransitive", "Cleave.Runtime.targets")}" />
            </Project>
            """;
        (int code, string output) = await _run.Run("App.csproj", project, "-t:_CleaveCheckPrepare");
        Assert.Equal(isError, output.Contains("error CLV3012: 'App.csproj' asks for prepared models, but it does not itself reference the package Cleave", StringComparison.Ordinal));
        Assert.Equal(isError ? 1 : 0, code);
    }

    private Task<(int Code, string Output)> Run(string properties, string items, params string[] arguments) =>
        _run.Run("App.csproj", $"<Project><PropertyGroup>{properties}</PropertyGroup><ItemGroup>{items}</ItemGroup><Import Project=\"{MSBuildRun.Targets}\" /></Project>", arguments);
}
