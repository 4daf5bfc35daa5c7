using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading;
using Cleave.TestKit;

namespace Cleave.EndToEnd.Tests;

/// <summary>
/// The packages, packed once for the suite, and a folder outside the repository for the projects that use them. Their
/// version is new each time, so that no package folder can hold an older one under the same number. The two halves of the
/// suite run side by side and share it: the first makes it, the last deletes it.
/// </summary>
public sealed class PackedPackages
{
    private static readonly string Repository = SharedModels.Repository;
    private static readonly object Gate = new();
    private static PackedPackages? _shared;
    private static int _users;
    private readonly object _tool = new();
    private string? _installed;
    private readonly BuildServers _servers;

    private PackedPackages()
    {
        Suffix = "e2e." + DateTime.UtcNow.Ticks.ToString(CultureInfo.InvariantCulture);
        Root = Directory.CreateTempSubdirectory("cleave-e2e-").FullName;
        _servers = new(Directory.CreateDirectory(Path.Combine(Root, "tmp")).FullName);
        Feed = Path.Combine(Root, "feed");
        PackageFolder = Path.Combine(Repository, "artifacts", "e2e", "packages");
        Directory.CreateDirectory(PackageFolder);
        foreach (string old in Directory.GetDirectories(PackageFolder, "cleave*"))
            Directory.Delete(old, recursive: true);
        foreach (string empty in new[] { "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props" })
            File.WriteAllText(Path.Combine(Root, empty), "<Project />");
        // Without <clear/> in packageSources: the machine's own sources, for what is on none of these.
        File.WriteAllText(Path.Combine(Root, "nuget.config"), $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{PackageFolder}" /></config>
              <packageSources>
                <add key="cleave-packed" value="{Feed}" />
                <add key="cleave-assembled" value="{Directory.CreateDirectory(Path.Combine(Repository, "artifacts", "feed")).FullName}" />
              </packageSources>
              <fallbackPackageFolders><clear /></fallbackPackageFolders>
            </configuration>
            """);
        Version = Pack("0.1.0", "-c", "Release");
    }

    /// <summary>Where projects go; nothing of the repository reaches into it.</summary>
    public string Root { get; }

    public string Feed { get; }

    public string PackageFolder { get; }

    /// <summary>The version of the packages.</summary>
    public string Version { get; }

    public string Suffix { get; }

    public static string OnnxRuntimeVersion { get; } = typeof(PackedPackages).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "OnnxRuntimeVersion").Value!;

    /// <summary>Packs; other properties need an ArtifactsPath of their own among them.</summary>
    public string Pack(string prefix, params string[] arguments)
    {
        string version = prefix + "-" + Suffix;
        foreach (string project in new[] { "src/Cleave.Runtime/Cleave.Runtime.csproj", "nuget/Cleave.csproj" })
            Pack(project, version, arguments);
        return version;
    }

    /// <summary>Packs the command, in the version of the packages, where that has not been done.</summary>
    public void PackTool()
    {
        lock (_tool)
        {
            if (!File.Exists(Path.Combine(Feed, "Cleave.Tool." + Version + ".nupkg")))
                Pack("src/Cleave.Tool/Cleave.Tool.csproj", Version, ["-c", "Release"]);
        }
    }

    /// <summary>The command, installed once: for projects whose build need not do that itself, as <c>CleaveTool</c>.</summary>
    public string Tool
    {
        get
        {
            PackTool();
            lock (_tool)
            {
                if (_installed == null)
                {
                    string folder = Path.Combine(Root, "tool");
                    Build(Root, "tool", "install", "Cleave.Tool", "--version", Version, "--tool-path", folder).Succeeded();
                    _installed = Path.Combine(folder, OperatingSystem.IsWindows() ? "cleave.exe" : "cleave");
                }
                return _installed;
            }
        }
    }

    private void Pack(string project, string version, string[] arguments) => Build(Repository,
        ["pack", project, "-o", Feed, "-v", "quiet", "-p:PackageVersion=" + version, .. arguments]).Succeeded();

    /// <summary>Runs dotnet in a folder with the suite's own servers.</summary>
    public CommandResult Build(string folder, params string[] arguments) => _servers.Run(folder, DotNet.Host, arguments);

    /// <summary>Runs lines of bash in a folder; what they build is built by the suite's own servers.</summary>
    public CommandResult Bash(string folder, string lines) => _servers.Run(folder, "bash", "-e", "-c", lines);

    public static PackedPackages Use()
    {
        lock (Gate)
        {
            _users++;
            return _shared ??= new();
        }
    }

    public static void EndUse()
    {
        lock (Gate)
        {
            if (--_users > 0)
                return;
            _shared?.Delete();
            _shared = null;
        }
    }

    private void Delete()
    {
        _servers.Shutdown(Root);
        try
        {
            Directory.Delete(Root, recursive: true);
        }
        catch (IOException)
        {
            // The servers were still tidying up their temporary files.
            Thread.Sleep(TimeSpan.FromSeconds(5));
            Directory.Delete(Root, recursive: true);
        }
    }
}
