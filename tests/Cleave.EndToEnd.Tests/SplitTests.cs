using System.IO;
using System.Linq;
using Cleave.TestKit.Catalog;
using Xunit;

namespace Cleave.EndToEnd.Tests;

/// <summary>The item metadata Plan and Dims, from the project file through MSBuild to lanes that run.</summary>
[Collection(Applications.Name)]
public sealed class SplitTests(PackedPackagesInUse inUse)
{
    private readonly PackedPackages _packages = inUse.Packages;

    private const string Program = """
        using System;
        using App;
        using Cleave;

        Timeline timeline = new();
        using NetRunner split = new(new RunnerOptions { Cores = 2, Strict = true, Timeline = timeline });
        using NetRunner whole = new(new RunnerOptions { Cores = 2, Plan = PlanChoice.Whole });
        NetInput input = new(batch: 2) { User = Numbers(1), Item = Numbers(2) };
        using NetOutput one = split.Run(input), other = whole.Run(input);
        float apart = 0;
        for (int i = 0; i < one.Score.Span.Length; i++)
            apart = Math.Max(apart, Math.Abs(one.Score.Span[i] - other.Score.Span[i]));
        Console.WriteLine((apart < 1e-5f ? "equal" : "apart") + ", segments: " + Math.Sign(timeline.Count - 2));

        static float[] Numbers(int seed)
        {
            Random random = new(seed);
            float[] numbers = new float[2 * 256];
            for (int i = 0; i < numbers.Length; i++)
                numbers[i] = random.NextSingle();
            return numbers;
        }
        """;

    private static string Items(string metadata) => $"""<AdditionalFiles Include="models/net.onnx" {metadata} />""";

    [Fact]
    public void A_project_asks_for_a_split_and_for_sizes()
    {
        Consumer app = new Consumer(_packages, "split/App").WithProject(Items("""Plan="Split" Dims="batch=2" """)).With("models/net.onnx", Model()).With("Program.cs", Program);
        app.Build("-p:EmitCompilerGeneratedFiles=true").Succeeded();
        string plan = File.ReadAllText(Directory.GetFiles(app.PathOf("obj"), "*.NetRunner.Plan.g.cs", SearchOption.AllDirectories).Single());
        Assert.Contains("batch=2", plan);
        Assert.Contains("private static class TwoLanes", plan);
        Assert.Equal("equal, segments: 1\n", app.Run());

        // Wrong metadata is an error at the model's file, with what to do.
        app.WithProject(Items("""Dims="rows=2" """));
        CommandResult failed = app.Build().Failed();
        Assert.Contains(failed.Lines, l => l.Contains("net.onnx") && l.Contains("error CLV2004") && l.Contains("'rows'") && l.Contains("batch"));
    }

    private static byte[] Model()
    {
        string folder = Directory.CreateTempSubdirectory("cleave-split-").FullName;
        try
        {
            return File.ReadAllBytes(ModelCatalog.Get("two_tower_8x256").Write(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
