using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Generator;
using Cleave.TestKit;
using Cleave.TestKit.Generation;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Cleave.Models.Tests;

/// <summary>The C# in the README and on pages about its examples compiles against the code that is generated for the model it speaks of.</summary>
public sealed class ReadmeTests
{
    // What the README's reader has: pixels, and something to do with a result.
    private const string Surroundings = """
        class Program
        {
            static readonly float[] pixels = new float[3 * 240 * 320];
            static readonly FaceDetectorRunner detector = new();
            static readonly FaceRunner face = new();
            static readonly BertRunner bert = new();
            static readonly BertInput[] sentences = [], requests = [];
            static readonly Microsoft.Extensions.DependencyInjection.IServiceCollection services = null!;
            static readonly IServiceProvider provider = null!;
            static readonly WebApplicationBuilder builder = null!;
            static readonly string[] args = [];
            static void Fill(Span<float> image) => image.Clear();
            static void Use(ReadOnlySpan<float> scores) => Console.WriteLine(scores.Length);
        """;

    private const string ImplicitInWebProjects = """
        using Microsoft.AspNetCore.Builder;
        using Microsoft.AspNetCore.Http;
        using Microsoft.Extensions.DependencyInjection;
        using Microsoft.Extensions.Logging;

        """;

    [Theory]
    [InlineData("README.md")]
    [InlineData("nuget/README.md")]
    [InlineData("docs/batching.md")]
    [InlineData("docs/ensembles.md")]
    [InlineData("docs/hosting.md")]
    [InlineData("docs/parts.md")]
    [InlineData("docs/placement.md")]
    [InlineData("docs/prepared.md")]
    [InlineData("docs/providers.md")]
    [InlineData("docs/quantize.md")]
    [InlineData("docs/reload.md")]
    [InlineData("docs/settings.md")]
    [InlineData("docs/tuning.md")]
    public void Every_example_compiles(string page)
    {
        string[] examples = [.. Blocks(File.ReadAllText(Path.Combine(SharedModels.Repository, page)), "csharp")];
        Assert.NotEmpty(examples);
        // One that declares a type is no body of a method.
        string types = string.Concat(examples.Where(DeclaresType).Select(Statements));
        string methods = string.Concat(examples.Where(e => !DeclaresType(e)).Select((code, i) =>
            $"static async System.Threading.Tasks.Task Example{i}()\n{{\nawait System.Threading.Tasks.Task.CompletedTask;\n{Statements(code)}\n}}\n"));
        // Usings come first in a file.
        string usings = "using System;\nusing System.Collections.Generic;\nusing System.IO;\nusing System.Linq;\nusing System.Threading;\nusing System.Threading.Tasks;\nusing Cleave;\nusing MyApp;\n" + ImplicitInWebProjects + string.Concat(examples.SelectMany(Usings).Distinct().Where(u => u is not ("using Cleave;" or "using MyApp;") && !ImplicitInWebProjects.Contains(u, StringComparison.Ordinal)).Select(u => u + "\n"));

        CSharpCompilation project = OnAspNetCore(Compiling.Project(usings + Surroundings + methods + "}\n" + types));
        string[] members = ["models/a.onnx", "models/b.onnx", "models/c.onnx"];
        EnsembleListing vision = new() { Name = "Vision", Source = "MyApp.csproj", Members = [.. members.Select(m => new EnsembleMemberEntry(m, m))] };
        BuildFile[] listings =
        [
            new("face_detector.graph", Compiling.Text(FaceDetector())), new("face.graph", Compiling.Text(Face())), new("bert.graph", Compiling.Text(Bert())),
            .. members.Select(m => new BuildFile(m[7] + ".graph", Compiling.Text(Member(m)))), new("vision" + EnsembleText.Ending, GeneratedEnsemble.Text(vision)),
        ];
        CSharpGeneratorDriver
            .Create([new RunnerGenerator().AsSourceGenerator()], listings, Compiling.CSharp12, new BuildOptions(("RootNamespace", "MyApp")))
            .RunGeneratorsAndUpdateCompilation(project, out Compilation compilation, out _);
        Diagnostic[] errors = [.. compilation.GetDiagnostics().Where(d => d.DefaultSeverity == DiagnosticSeverity.Error)];
        Assert.True(errors.Length == 0, string.Join("\n", errors.Select(e => e.ToString())));
    }

    // As in a web project: what the framework has, too, is the framework's.
    private static CSharpCompilation OnAspNetCore(CSharpCompilation project)
    {
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        Dictionary<string, string> framework = Directory.GetFiles(Path.Combine(runtime, "..", "..", "Microsoft.AspNetCore.App", Path.GetFileName(runtime)), "*.dll")
            .ToDictionary(f => Path.GetFileName(f), StringComparer.Ordinal);
        return project
            .RemoveReferences(project.References.Where(r => framework.ContainsKey(Path.GetFileName(r.Display!))))
            .AddReferences(framework.Values.Select(f => MetadataReference.CreateFromFile(f)));
    }

    private static ModelListing FaceDetector() => new()
    {
        Options = new ListingOptions { Source = "models/face_detector.onnx", Path = "models/MyApp/models/face_detector.onnx" },
        Model = new OnnxModel
        {
            IrVersion = 8,
            Opsets = [new OpsetImport("", 17)],
            Graph = new OnnxGraph
            {
                Inputs = [Floats("input", 1, 3, 240, 320)],
                Outputs = [Floats("scores", 1, 4420, 2), Floats("boxes", 1, 4420, 4)],
            },
        },
    };

    private static ModelListing Bert() => Model("models/bert.onnx",
        new("input_ids", new OnnxType.Tensor(ElementType.Int64, [Dimension.Named("batch"), Dimension.Named("sequence")])),
        new("hidden", new OnnxType.Tensor(ElementType.Float, [Dimension.Named("batch"), Dimension.Named("sequence"), Dimension.Fixed(768)])));

    private static ModelListing Member(string path) => Model(path,
        new("image", new OnnxType.Tensor(ElementType.Float, [Dimension.Named("batch"), Dimension.Fixed(3), Dimension.Fixed(224), Dimension.Fixed(224)])),
        new("scores", new OnnxType.Tensor(ElementType.Float, [Dimension.Named("batch"), Dimension.Fixed(1000)])));

    private static ModelListing Model(string path, ValueInfo input, ValueInfo output) => new()
    {
        Options = new ListingOptions { Source = path, Path = path },
        Model = new OnnxModel { IrVersion = 8, Opsets = [new OpsetImport("", 17)], Graph = new OnnxGraph { Inputs = [input], Outputs = [output] } },
    };

    // The model of "Choosing outputs".
    private static ModelListing Face()
    {
        ModelListing detector = FaceDetector();
        Node Node(string op, string input, string output) => new("", op, "", [input], [output], []);
        return new()
        {
            Options = new ListingOptions { Source = "models/face.onnx", Path = "models/MyApp/models/face.onnx", Outputs = ["scores", "/backbone/pool/output_0"] },
            Model = new OnnxModel
            {
                IrVersion = 8,
                Opsets = [new OpsetImport("", 17)],
                Graph = new OnnxGraph
                {
                    Inputs = detector.Model!.Graph.Inputs,
                    Outputs = detector.Model.Graph.Outputs,
                    Nodes =
                    [
                        Node("Relu", "input", "/backbone/pool/output_0"),
                        Node("Custom", "/backbone/pool/output_0", "scores"),
                        Node("Custom", "/backbone/pool/output_0", "boxes"),
                    ],
                },
            },
        };
    }

    private static ValueInfo Floats(string name, params long[] dims) =>
        new(name, new OnnxType.Tensor(ElementType.Float, [.. dims.Select(Dimension.Fixed)]));

    private static IEnumerable<string> Blocks(string markdown, string language)
    {
        string[] parts = markdown.Split("```" + language + "\n");
        return parts.Skip(1).Select(p => p[..p.IndexOf("```", StringComparison.Ordinal)]);
    }

    private static bool DeclaresType(string code) => code.Split('\n').Any(l => l.StartsWith("internal sealed class ", StringComparison.Ordinal));

    private static IEnumerable<string> Usings(string code) => code.Split('\n').Where(IsUsing);

    private static string Statements(string code) => string.Join('\n', code.Split('\n').Where(l => !IsUsing(l)));

    private static bool IsUsing(string line) =>
        line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';') && line.IndexOf(' ', 6) < 0;
}
