using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using System.Xml.Linq;
using Cleave.TestKit;

namespace Cleave.Benchmarks.Foundation;

/// <summary>Two projects outside the repository that differ in the package only, with a package folder of their own.</summary>
internal sealed class BuildFolder : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private readonly string _folder = Directory.CreateTempSubdirectory("cleave-bench-").FullName;

    public BuildFolder(IReadOnlyList<string> models)
    {
        string artifacts = Path.Combine(SharedModels.Repository, "artifacts");
        string packages = Path.Combine(artifacts, "packages");
        string version = VersionOf(packages);
        string onnxRuntime = XDocument.Load(Path.Combine(artifacts, "onnxruntime.props")).Descendants("OnnxRuntimeVersion").Single().Value;
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
        Write("Without/Without.csproj", Project(onnxRuntime, ""));
        Write("With/With.csproj", Project(onnxRuntime, $"""
                <PackageReference Include="Cleave" Version="{version}" />
                <AdditionalFiles Include="models/*.onnx" />
            """));
        Directory.CreateDirectory(Path.Combine(_folder, "With", "models"));
        foreach (string model in models)
            File.Copy(model, Path.Combine(_folder, "With", "models", Path.GetFileName(model)));
        Dotnet("restore", "Without");
        Dotnet("restore", "With");
    }

    /// <summary>Edits the project's one source file and builds; how long the build took, in milliseconds.</summary>
    public double Build(string project, string edit, string argument)
    {
        Write(project + "/Program.cs", $"System.Console.WriteLine(\"{edit}\");\n");
        return Dotnet("build", project, "--no-restore", "-c", "Release", argument);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Project(string onnxRuntime, string items) => $"""
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <TargetFramework>net10.0</TargetFramework>
            <Nullable>enable</Nullable>
          </PropertyGroup>
          <ItemGroup>
            <PackageReference Include="Microsoft.ML.OnnxRuntime" Version="{onnxRuntime}" />
        {items}
          </ItemGroup>
        </Project>
        """;

    private static string VersionOf(string packages)
    {
        const string Prefix = "Cleave.";
        return Directory.Exists(packages)
            ? Directory.EnumerateFiles(packages, Prefix + "*.nupkg").Select(f => Path.GetFileNameWithoutExtension(f)[Prefix.Length..]).Single(v => char.IsAsciiDigit(v[0]))
            : throw new DirectoryNotFoundException("artifacts/packages is absent: run ./build.sh pack");
    }

    private double Dotnet(params string[] arguments)
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
        double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        return process.ExitCode == 0
            ? milliseconds
            : throw new InvalidOperationException($"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}: {output.Result}{errors.Result}");
    }

    private void Write(string relative, string text)
    {
        string file = Path.Combine(_folder, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
