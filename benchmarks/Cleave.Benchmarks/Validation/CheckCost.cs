using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Benchmarks.Foundation;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Listing;
using Cleave.Core.Releases;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Validation;

/// <summary>What the build does about a changed model of 400 MB: reads and lists it, compares it with its contract and with the release of ONNX Runtime.</summary>
internal sealed class CheckCost : IFamily
{
    private const string Release = "1.30.0";

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string large = SyntheticModels.Layers(300, 577);
        Samples samples = Interleaved.Measure([new("check", "check", large)], options.Settings);
        double milliseconds = samples.Median("check") / 1e6;
        return [Line.Of("build-time checks on a changed model of 400 MB", "<= 100 ms", $"{milliseconds:0.0} ms", milliseconds <= 100, samples)];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != "check")
            return null;
        string contract = ModelContract.Text(List(arguments[0]).Model!, "layers.onnx");
        return new Repeated(() => Check(arguments[0], contract), group: 1, Stream.Null);
    }

    private static void Check(string path, string contract)
    {
        ModelListing listing = List(path);
        ListingWriter.Write(listing, Stream.Null);
        if (listing.Problems.Count + ModelContract.Differences(contract, listing.Model!).Count + ReleaseCheck.Of(listing.Model!, Release).Count > 0)
            throw new InvalidDataException("the model should be in order");
    }

    private static ModelListing List(string path) => ModelLister.List(path, new ListingOptions { Source = "layers.onnx" }, CancellationToken.None);
}

/// <summary>The second build of a project of which nothing changed: no model is read, nothing is compiled.</summary>
internal sealed class UnchangedBuild : IFamily
{
    public IEnumerable<Line> Measure(BenchOptions options)
    {
        using PackedFolder folder = new();
        folder.Write("App/layers.onnx", File.ReadAllBytes(SyntheticModels.Layers(3, 16)));
        folder.Write("App/Program.cs", "System.Console.WriteLine();\n");
        folder.Write("App/App.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><CleaveContracts>require</CleaveContracts></PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Microsoft.ML.OnnxRuntime" Version="{folder.OnnxRuntimeVersion}" />
                <PackageReference Include="Cleave" Version="{folder.CleaveVersion}" />
                <AdditionalFiles Include="layers.onnx" />
              </ItemGroup>
            </Project>
            """);
        ToolRun.Output(["contract", "--accept", folder.PathOf("App/layers.onnx")]);
        bool read = folder.Succeed("build", "App", "-v:normal").Output.Contains("Cleave: reading layers.onnx");
        string again = folder.Succeed("build", "App", "--no-restore", "-v:normal").Output;
        bool skipped = read && !again.Contains("Cleave: reading") && again.Contains("Skipping target \"CoreCompile\"");
        return [Line.Of("build-time checks on an unchanged project", "skipped", skipped ? "skipped" : "done again", skipped, again.Split('\n').Where(l => l.Contains("Cleave")).ToArray())];
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;
}
