using System;
using System.IO;
using System.Text;
using Cleave.TestKit;

namespace Cleave.EndToEnd.Tests;

/// <summary>A project that uses the packages.</summary>
public sealed class Consumer
{
    private readonly PackedPackages _packages;
    private readonly string _cleave;

    /// <param name="path">The project's folder below the suite's; its name is the project's.</param>
    /// <param name="cleave">Attributes of the reference to Cleave besides the version.</param>
    public Consumer(PackedPackages packages, string path, string? version = null, string cleave = "")
    {
        _packages = packages;
        Folder = Path.GetFullPath(Path.Combine(packages.Root, path));
        Name = Path.GetFileName(path);
        _cleave = $"""<PackageReference Include="Cleave" Version="{version ?? packages.Version}" {cleave} />""";
        Directory.CreateDirectory(Folder);
    }

    public string Folder { get; }

    public string Name { get; }

    public string Sdk { get; init; } = "Microsoft.NET.Sdk";

    public string Frameworks { get; init; } = "net10.0";

    public bool IsApplication { get; init; } = true;

    /// <summary>Properties of the project, as XML.</summary>
    public string Properties { get; init; } = "";

    public Consumer WithProject(string items)
    {
        string frameworks = Frameworks.Contains(';', StringComparison.Ordinal) ? "TargetFrameworks" : "TargetFramework";
        StringBuilder project = new();
        project.Append($"""<Project Sdk="{Sdk}"><PropertyGroup>""").Append('\n')
            .Append($"<{frameworks}>{Frameworks}</{frameworks}>\n")
            .Append("<Nullable>enable</Nullable><TreatWarningsAsErrors>true</TreatWarningsAsErrors><LangVersion>12</LangVersion>\n")
            .Append(IsApplication ? "<OutputType>Exe</OutputType>\n" : "")
            .Append(Properties).Append("\n</PropertyGroup><ItemGroup>\n")
            .Append(_cleave).Append('\n')
            .Append(IsApplication ? $"""<PackageReference Include="Microsoft.ML.OnnxRuntime" Version="{PackedPackages.OnnxRuntimeVersion}" />""" + "\n" : "")
            .Append(items).Append("\n</ItemGroup></Project>\n");
        return With(Name + ".csproj", project.ToString());
    }

    public Consumer With(string path, string text) => With(path, Encoding.UTF8.GetBytes(text));

    public Consumer With(string path, TinyModel model) => With(path, model.ToBytes());

    public Consumer With(string path, byte[] content)
    {
        string file = Path.GetFullPath(Path.Combine(Folder, path));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
        return this;
    }

    public string PathOf(string path) => Path.Combine(Folder, path);

    public CommandResult Build(params string[] arguments) => DotNetCommand("build", arguments);

    public CommandResult DotNetCommand(string command, params string[] arguments) =>
        _packages.Build(Folder, [command, Name + ".csproj", .. arguments]);

    /// <summary>What the built application prints; run from another folder than its own, as users do.</summary>
    public string Run(string folder = "bin/Debug/net10.0") =>
        DotNet.Run(_packages.Root, Path.Combine(Folder, folder, Name + (OperatingSystem.IsWindows() ? ".exe" : ""))).Succeeded().Printed;

    /// <summary>Statements that print what a runner of a <see cref="TinyModel"/> makes of 1, 1, 1, 1.</summary>
    public static string Print(string model) => $$"""
        using ({{model}}Runner runner = new())
        using ({{model}}Output output = runner.Run(new {{model}}Input { X = new float[] { 1, 1, 1, 1 } }))
            System.Console.WriteLine("{{model}}: " + string.Join(" ", output.Y.ToArray()));

        """;
}
