using System;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Threading.Tasks;
using Cleave.TestKit;
using Xunit;

namespace Cleave.Release.Tests;

/// <summary><c>provision.sh</c>, the first step of every verb of <c>build.sh</c>, where the sources lack ONNX Runtime and the npm package cannot be had.</summary>
public sealed class ProvisioningTests : IDisposable
{
    private const string Tarball = "artifacts/onnxruntime/com.github.asus4.onnxruntime-0.4.9.tgz";
    // What restore says where every source answered and none has the package; the first test has a real one say it.
    private const string NoSourceHasIt = "echo 'Probe.csproj : error NU1101: Unable to find package Microsoft.ML.OnnxRuntime.'; exit 1";

    private static readonly string[] Tools = ["bash", "env", "dotnet", "cat", "cp", "dirname", "grep", "head", "mkdir", "mv", "openssl", "rm", "rmdir", "sed", "tar"];

    private readonly TemporaryFolder _folder = new();
    private readonly CommandLine _shell;

    public ProvisioningTests()
    {
        _folder.CopyFrom(SharedModels.Repository, "Directory.Build.props");
        _folder.CopyFrom(SharedModels.Repository, "build/onnxruntime");
        UseSource(_folder["no-packages"]);
        Directory.CreateDirectory(_folder["no-packages"]);
        _shell = new CommandLine(_folder.Path);
    }

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task Without_npm_it_says_what_to_install()
    {
        CommandResult result = await SetupAsync(npm: null);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("npm was not found", result.Output, StringComparison.Ordinal);
        Assert.Contains("install Node.js", result.Output, StringComparison.Ordinal);
        AssertNothingProvided();
    }

    [SkippableFact]
    public async Task A_failing_download_shows_what_npm_said()
    {
        CommandResult result = await SetupAsync(npm: "echo 'npm error code E404' >&2; exit 1", dotnet: NoSourceHasIt);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("npm error code E404", result.Output, StringComparison.Ordinal);
        Assert.Contains("npm could not fetch com.github.asus4.onnxruntime 0.4.9", result.Output, StringComparison.Ordinal);
        AssertNothingProvided();
    }

    [SkippableFact]
    public async Task A_package_with_another_hash_is_refused_and_deleted()
    {
        CommandResult result = await SetupAsync(npm: "echo not the package > com.github.asus4.onnxruntime-0.4.9.tgz", dotnet: NoSourceHasIt);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("does not match", result.Output, StringComparison.Ordinal);
        Assert.Contains("expected sha512-BkzxduSZ9IkeDP6Q8lz2TFU2", result.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder[Tarball]));
        AssertNothingProvided();
    }

    [SkippableFact]
    public async Task A_source_that_does_not_answer_is_not_taken_for_one_that_lacks_the_package()
    {
        // Port 9 discards: nothing listens there.
        UseSource("http://127.0.0.1:9/index.json");
        _shell.Environment["NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT"] = "1";

        CommandResult result = await SetupAsync(npm: "touch npm-was-called");

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("NU1301", result.Output, StringComparison.Ordinal);
        Assert.Contains("could not find out whether the configured NuGet sources carry", result.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "npm-was-called", SearchOption.AllDirectories));
        AssertNothingProvided();
    }

    [SkippableFact]
    public async Task A_source_that_carries_it_is_used()
    {
        string version = LowestVersion();
        MakeEmptyPackage("Microsoft.ML.OnnxRuntime", version);

        CommandResult result = await SetupAsync(npm: "touch npm-was-called");

        Assert.Equal("", result.ExitCode == 0 ? "" : result.Output);
        Assert.Contains($"<OnnxRuntimeVersion>{version}</OnnxRuntimeVersion>", File.ReadAllText(_folder["artifacts/onnxruntime.props"]), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["artifacts/feed"]));
    }

    private void UseSource(string source) => _folder.Write("nuget.config", $"""
        <configuration>
          <packageSources>
            <clear />
            <add key="only" value="{source}" allowInsecureConnections="true" />
          </packageSources>
        </configuration>
        """);

    // A machine with nothing but the tools that it needs, an npm that does as told, or none, and .NET's command or one that does as told.
    private Task<CommandResult> SetupAsync(string? npm, string? dotnet = null)
    {
        Skip.If(OperatingSystem.IsWindows(), "skipped: build.sh needs bash");
        string bin = _folder["bin"];
        Directory.CreateDirectory(bin);
        foreach (string tool in Tools.Where(t => t != "dotnet" || dotnet == null))
            File.CreateSymbolicLink(Path.Combine(bin, tool), Locate(tool));
        Script("npm", npm);
        Script("dotnet", dotnet);
        _shell.Environment["PATH"] = bin;
        _shell.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        _shell.Environment["NUGET_PACKAGES"] = _folder["packages"];
        return _shell.RunAsync(Path.Combine(bin, "bash"), "build/onnxruntime/provision.sh");
    }

    private void Script(string name, string? lines)
    {
        if (lines == null || OperatingSystem.IsWindows())
            return;
        _folder.Write("bin/" + name, "#!/usr/bin/env bash\n" + lines + "\n");
        File.SetUnixFileMode(_folder["bin/" + name], UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private void AssertNothingProvided()
    {
        Assert.False(File.Exists(_folder["artifacts/onnxruntime.props"]));
        Assert.False(Directory.Exists(_folder["artifacts/feed"]));
        Assert.False(Directory.Exists(_folder["packages/microsoft.ml.onnxruntime"]));
    }

    private string LowestVersion()
    {
        string props = File.ReadAllText(_folder["Directory.Build.props"]);
        const string Open = "<OnnxRuntimeLowest>";
        int start = props.IndexOf(Open, StringComparison.Ordinal) + Open.Length;
        return props[start..props.IndexOf('<', start)];
    }

    private void MakeEmptyPackage(string id, string version)
    {
        using FileStream file = File.Create(_folder[$"no-packages/{id}.{version}.nupkg"]);
        using ZipArchive package = new(file, ZipArchiveMode.Create);
        using StreamWriter nuspec = new(package.CreateEntry(id + ".nuspec").Open());
        nuspec.Write($"""
            <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
              <metadata>
                <id>{id}</id>
                <version>{version}</version>
                <authors>test</authors>
                <description>test</description>
              </metadata>
            </package>
            """);
    }

    private static string Locate(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, tool))
            .FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException(tool + " is not on the PATH");
}
