using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Validation;

/// <summary>Projects of eight shapes that use the packed package and all shared models, none of which is damaged: no check may say anything of any of them.</summary>
internal sealed class ProjectShapes : IFamily
{
    private const string Target = "none";
    private const string Program = "System.Console.WriteLine();\n";
    private const string App = "<OutputType>Exe</OutputType>";

    private static readonly Shape[] Shapes =
    [
        new("console", "Microsoft.NET.Sdk", "net10.0", App, "publish"),
        new("web", "Microsoft.NET.Sdk.Web", "net10.0", "", "publish"),
        new("library", "Microsoft.NET.Sdk", "net10.0", "", "build"),
        new("test", "Microsoft.NET.Sdk", "net10.0", App + "<IsTestProject>true</IsTestProject>", "build"),
        new("multi-target", "Microsoft.NET.Sdk", "net8.0;net10.0", App, "build"),
        new("single-file", "Microsoft.NET.Sdk", "net10.0",
            App + "<PublishSingleFile>true</PublishSingleFile><UseCurrentRuntimeIdentifier>true</UseCurrentRuntimeIdentifier><SelfContained>false</SelfContained>", "publish"),
        new("AOT-analysed", "Microsoft.NET.Sdk", "net10.0", App + "<IsAotCompatible>true</IsAotCompatible>", "build"),
    ];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string what = $"false alarms on the {SharedModels.All.Count} models, in projects of {Shapes.Length + 1} shapes";
        if (SharedModels.All.Count == 0)
            return [Line.NotMeasured(what, Target, "the models are absent")];
        using PackedFolder folder = new();
        foreach (string model in SharedModels.All)
            folder.Write("models/" + Path.GetFileName(model), File.ReadAllBytes(SharedModels.PathOf(model)));
        List<string> alarms = [];
        foreach (Shape shape in Shapes)
        {
            Write(folder, shape, "<AdditionalFiles Include=\"../models/*.onnx\" Link=\"models/%(Filename)%(Extension)\" />");
            alarms.AddRange(Alarms(folder, shape));
        }
        // Of the library above; it brings its models, the application its ONNX Runtime.
        Shape consumer = new("consumer", "Microsoft.NET.Sdk", "net10.0", App, "publish");
        Write(folder, consumer, "<ProjectReference Include=\"../library/library.csproj\" />");
        alarms.AddRange(Alarms(folder, consumer));
        return [Line.Of(what, Target, alarms.Count == 0 ? "none" : string.Join("; ", alarms.Distinct()), alarms.Count == 0, alarms)];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static void Write(PackedFolder folder, Shape shape, string items)
    {
        string native = shape.Name == "library" ? "" : $"<PackageReference Include=\"Microsoft.ML.OnnxRuntime\" Version=\"{folder.OnnxRuntimeVersion}\" />";
        string cleave = shape.Name == "consumer" ? "" : folder.CleaveReference;
        folder.Write($"{shape.Name}/{shape.Name}.csproj", $"""
            <Project Sdk="{shape.Sdk}">
              <PropertyGroup><TargetFrameworks>{shape.Frameworks}</TargetFrameworks><Nullable>enable</Nullable>{shape.Properties}</PropertyGroup>
              <ItemGroup>{native}{cleave}{items}</ItemGroup>
            </Project>
            """);
        if (shape.Name != "library")
            folder.Write(shape.Name + "/Program.cs", Program);
    }

    private static IEnumerable<string> Alarms(PackedFolder folder, Shape shape)
    {
        // A project of several frameworks is published for one of them; so each of these says for which.
        string[] framework = shape.Command == "publish" ? ["-f", shape.Frameworks] : [];
        DotNetResult result = folder.DotNet([shape.Command, shape.Name, "-c", "Release", "-v:normal", .. framework]);
        string[] said = [.. Regex.Matches(result.Output, @"(warning|error|info) (CLV\d+)", RegexOptions.CultureInvariant).Select(m => shape.Name + ": " + m.Groups[2].Value)];
        return result.ExitCode == 0 || said.Length > 0
            ? said
            : throw new InvalidOperationException($"The project {shape.Name} ended with {result.ExitCode}: {result.Output}");
    }

    /// <param name="Name">Of the shape and its project.</param>
    /// <param name="Sdk">The project's SDK.</param>
    /// <param name="Frameworks">What it is built for.</param>
    /// <param name="Properties">What makes it so.</param>
    /// <param name="Command">What is done with it: where it is published, it is built, too.</param>
    private sealed record Shape(string Name, string Sdk, string Frameworks, string Properties, string Command);
}
