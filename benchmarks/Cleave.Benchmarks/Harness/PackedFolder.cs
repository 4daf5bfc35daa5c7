using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Security;
using System.Threading.Tasks;
using System.Xml.Linq;
using Cleave.TestKit;

namespace Cleave.Benchmarks.Harness;

/// <summary>How a command of dotnet ended.</summary>
internal sealed record DotNetResult(int ExitCode, string Output, double Milliseconds);

/// <summary>A folder outside the repository for projects that use the packed packages, with a package folder of their own.</summary>
internal sealed class PackedFolder : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);
    private readonly string _folder = Directory.CreateTempSubdirectory("cleave-bench-").FullName;

    public PackedFolder()
    {
        string artifacts = Path.Combine(SharedModels.Repository, "artifacts");
        string packages = Path.Combine(artifacts, "packages");
        CleaveVersion = VersionOf(packages);
        OnnxRuntimeVersion = XDocument.Load(Path.Combine(artifacts, "onnxruntime.props")).Descendants("OnnxRuntimeVersion").Single().Value;
        Write("nuget.config", $"""
            <configuration>
              <config>
                <add key="globalPackagesFolder" value="{Path.Combine(_folder, "packages")}" />
              </config>
              <packageSources>
                <add key="cleave" value="{packages}" />
                {(Directory.Exists(Path.Combine(artifacts, "feed")) ? $"<add key=\"feed\" value=\"{Path.Combine(artifacts, "feed")}\" />" : "")}
              </packageSources>
            </configuration>
            """);
    }

    public string CleaveVersion { get; }

    public string OnnxRuntimeVersion { get; }

    /// <summary>The item that references the package.</summary>
    public string CleaveReference => $"    <PackageReference Include=\"Cleave\" Version=\"{SecurityElement.Escape(CleaveVersion)}\" />";

    /// <summary>An application in a folder of its name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="items">Its items, beside the reference of ONNX Runtime.</param>
    public void WriteProject(string name, string items) => Write($"{name}/{name}.csproj", $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Microsoft.ML.OnnxRuntime" Version="{SecurityElement.Escape(OnnxRuntimeVersion)}" />
        {items}
          </ItemGroup>
        </Project>
        """);

    public string PathOf(string relative) => Path.Combine(_folder, relative);

    public void Write(string relative, string text) => File.WriteAllText(Made(relative), text);

    public void Write(string relative, byte[] bytes) => File.WriteAllBytes(Made(relative), bytes);

    /// <summary>Runs dotnet in the folder.</summary>
    public DotNetResult DotNet(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", arguments) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        // What dotnet run set for this program is not for its children.
        foreach (string name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"dotnet {string.Join(' ', arguments)} did not end within {Limit}.");
        }
        return new DotNetResult(process.ExitCode, output.Result + errors.Result, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    /// <summary>The same, where it must succeed.</summary>
    public DotNetResult Succeed(params string[] arguments)
    {
        DotNetResult result = DotNet(arguments);
        return result.ExitCode == 0 ? result : throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} ended with {result.ExitCode}: {result.Output}");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Made(string relative)
    {
        string file = Path.Combine(_folder, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return file;
    }

    private static string VersionOf(string packages)
    {
        const string Prefix = "Cleave.";
        return Directory.Exists(packages)
            ? Directory.EnumerateFiles(packages, Prefix + "*.nupkg").Select(f => Path.GetFileNameWithoutExtension(f)[Prefix.Length..]).Single(v => char.IsAsciiDigit(v[0]))
            : throw new DirectoryNotFoundException("artifacts/packages is absent: run ./build.sh pack");
    }
}
