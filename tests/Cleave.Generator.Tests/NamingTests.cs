using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.TestKit.Generation;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>What classes, properties and parameters are called.</summary>
public class NamingTests
{
    [Theory]
    [InlineData("models/face_detector.onnx", "FaceDetector")]
    [InlineData("face-detector.v2.onnx", "FaceDetectorV2")]
    [InlineData("bert.onnx", "Bert")]
    [InlineData("3d.onnx", "Model3d")]
    [InlineData("---.onnx", "Model")]
    [InlineData("übung 1.onnx", "Übung1")]
    [InlineData("class.onnx", "Class")]
    public void Classes_are_called_after_the_file(string source, string stem)
    {
        Generated generated = Run([Models.Float("x", 1)], [Models.Float("y", 1)], source).Compiles();
        foreach (string kind in new[] { "Runner", "Input", "Output", "Call" })
            Assert.NotNull(generated.Type("MyApp." + stem + kind));
    }

    [Theory]
    [InlineData("input_ids", "InputIds")]
    [InlineData("onnx::Reshape_0", "OnnxReshape0")]
    [InlineData("images.1", "Images1")]
    [InlineData("410", "Input410")]
    [InlineData("", "Input0")]
    [InlineData("!?", "Input0")]
    [InlineData("input", "Input")]
    [InlineData("output", "Output")]
    [InlineData("float", "Float")]
    [InlineData("run", "Run2")]
    [InlineData("dispose", "Dispose2")]
    [InlineData("equals", "Equals2")]
    [InlineData("get_type", "GetType2")]
    [InlineData("bert_input", "BertInput2")]
    [InlineData("plan", "Plan")]
    [InlineData("definition", "Definition")]
    [InlineData("whole", "Whole")]
    [InlineData("system", "System")]
    [InlineData("cleave", "Cleave")]
    [InlineData("shape", "Shape")]
    [InlineData("Größe", "Größe")]
    [InlineData("画像", "画像")]
    [InlineData("a\u200bb\u202ec", "ABC")]
    [InlineData("\u3164x", "X")]
    public void A_property_is_called_after_its_input(string name, string property)
    {
        Generated generated = Run([Models.Float(name, 1)], [Models.Float("y", 1)]).Compiles();
        Assert.Equal([property], generated.Members("MyApp.BertInput"));
        Assert.Contains(property, generated.Members("MyApp.BertCall"));
    }

    [Fact]
    public void Names_that_become_the_same_are_numbered()
    {
        Generated generated = Run(
            [Models.Float("x.1", 1), Models.Float("x_1", 1), Models.Float("X1", 1), Models.Float("h", 1)],
            [Models.Float("h-", 1), Models.Float("x1", 1)]).Compiles();
        Assert.Equal(["X1", "X1_2", "X1_3", "H"], generated.Members("MyApp.BertInput"));
        Assert.Equal(["H2", "X1_4", "Dispose"], generated.Members("MyApp.BertOutput"));
    }

    [Fact]
    public void A_very_long_name_is_cut_but_stays_whole_in_the_literal()
    {
        string name = new('n', 10_000);
        Generated generated = Run([Models.Float(name, 1)], [Models.Float("y", 1)]).Compiles();
        Assert.Equal(100, Assert.Single(generated.Members("MyApp.BertInput")).Length);
        Assert.Contains("\"" + name + "\"", generated.Source("MyApp.BertRunner.Plan.g.cs"), System.StringComparison.Ordinal);
    }

    [Fact]
    public void One_parameter_serves_every_input_with_the_dimension()
    {
        Generated generated = Run(
            [Models.Float("a", "batch", "n"), Models.Float("b", "n", "batch", 3)], [Models.Float("y", "batch")]).Compiles();
        Assert.Equal("int batch, int n", Parameters(generated, "MyApp.BertInput", ".ctor"));
        Assert.Equal("int batch, int n", Parameters(generated, "MyApp.BertRunner", "CreateCall"));
        Assert.Equal(["Batch", "N", "A", "B"], generated.Members("MyApp.BertInput"));
    }

    [Fact]
    public void Dimensions_without_a_name_are_called_after_input_and_axis()
    {
        Generated generated = Run([Models.Float("image", 1, 3, null, null), Models.Float("y", "imageDim2")], [Models.Float("z", [null])]).Compiles();
        Assert.Equal("int imageDim2, int imageDim3, int imageDim2Dim", Parameters(generated, "MyApp.BertInput", ".ctor"));
        // In the model's own names the made-up one must not mean the other dimension.
        Assert.Contains("(\"image\", 1, 3, \"imageDim2_2\", \"imageDim3\")", generated.Source("MyApp.BertRunner.Plan.g.cs"), System.StringComparison.Ordinal);
        Assert.Contains("(\"y\", \"imageDim2\")", generated.Source("MyApp.BertRunner.Plan.g.cs"), System.StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("batch", "batch")]
    [InlineData("N", "n")]
    [InlineData("BATCH", "batch")]
    [InlineData("seqLen", "seqLen")]
    [InlineData("HTTPCode", "httpCode")]
    [InlineData("float", "@float")]
    [InlineData("class", "@class")]
    [InlineData("binder", "binder2")]
    [InlineData("2*n", "dim2N")]
    [InlineData("批", "批")]
    [InlineData("*", "dim0")]
    [InlineData("value", "value")]
    [InlineData("field", "field")]
    public void A_parameter_is_called_after_its_dimension(string dimension, string parameter)
    {
        Generated generated = Run([Models.Float("x", dimension)], [Models.Float("y", dimension)]).Compiles();
        Assert.Equal("int " + parameter, Parameters(generated, "MyApp.BertInput", ".ctor"));
    }

    [Fact]
    public void A_dimension_called_like_an_input_gives_way()
    {
        Generated generated = Run([Models.Float("sequence", "sequence")], [Models.Float("y", 1)]).Compiles();
        Assert.Equal(["SequenceDim", "Sequence"], generated.Members("MyApp.BertInput"));
    }

    [Fact]
    public void An_input_of_unknown_rank_takes_its_shape_beside_it()
    {
        Generated generated = Run([Models.AnyShape("image"), Models.Float("image_shape", 1)], [Models.AnyShape("y")]).Compiles();
        Assert.Equal(["Image", "ImageShape2", "ImageShape"], generated.Members("MyApp.BertInput"));
        Assert.Equal("int[] imageShape2", Parameters(generated, "MyApp.BertRunner", "CreateCall"));
    }

    [Fact]
    public void Initializers_that_are_inputs_too_are_left_out()
    {
        OnnxModel model = new()
        {
            Graph = new OnnxGraph
            {
                Inputs = [Models.Float("x", 1), Models.Float("w", 1), Models.Float("s", 1)],
                Outputs = [Models.Float("y", 1)],
                Initializers = [new TensorInfo("w", ElementType.Float, [1])],
                SparseInitializers = [new SparseTensorInfo(new TensorInfo("s", ElementType.Float, [1]), new TensorInfo("", ElementType.Int64, [1]), [1])],
            },
        };
        Assert.Equal(["X"], GeneratorHost.Run(Models.File(Models.Listing(model))).Compiles().Members("MyApp.BertInput"));
    }

    [Fact]
    public void A_negative_dimension_is_an_unknown_one()
    {
        Generated generated = Run([Models.Float("x", -1, 3)], [Models.Float("y", -1)]).Compiles();
        Assert.Equal("int xDim0", Parameters(generated, "MyApp.BertInput", ".ctor"));
    }

    [Theory]
    [InlineData("MyApp", "MyApp")]
    [InlineData("my-app", "my_app")]
    [InlineData("3d.Viewer", "_3d.Viewer")]
    [InlineData("class", "_class")]
    [InlineData("", "Cleave.Models")]
    public void The_namespace_is_the_projects(string root, string expected)
    {
        ModelListing listing = Models.Listing([Models.Float("x", 1)], [Models.Float("y", 1)]);
        listing = listing with { Options = listing.Options with { Namespace = root } };
        Generated generated = GeneratorHost.Run(new RunnerGenerator(), new BuildOptions(("RootNamespace", root)), [], Models.File(listing)).Compiles();
        Assert.NotNull(generated.Type(expected + ".BertRunner"));
    }

    // The build cannot know C#'s keywords.
    [Theory]
    [InlineData("acme-ml.internal", "acme_ml.internal", "acme_ml._internal")]
    [InlineData("my-app.2048", "my_app._2048", "my_app._2048")]
    public void A_namespace_that_the_build_made_of_the_projects_is_still_the_projects(string root, string listed, string expected)
    {
        ModelListing listing = Models.Listing([Models.Float("x", 1)], [Models.Float("y", 1)]);
        listing = listing with { Options = listing.Options with { Namespace = listed } };
        Generated generated = GeneratorHost.Run(new RunnerGenerator(), new BuildOptions(("RootNamespace", root)), [], Models.File(listing)).Compiles();
        Assert.NotNull(generated.Type(expected + ".BertRunner"));
    }

    [Fact]
    public void A_very_long_path_ends_in_the_name_all_the_same()
    {
        Generated generated = Run([Models.Float("x", 1)], [Models.Float("y", 1)], "models/" + new string('d', 400) + "/face.onnx").Compiles();
        Assert.NotNull(generated.Type("MyApp.FaceRunner"));
    }

    [Fact]
    public void A_project_whose_own_names_are_ours_compiles()
    {
        ModelListing listing = Models.Bert();
        listing = listing with { Options = listing.Options with { Namespace = "MyApp.System.Cleave" } };
        string[] sources =
        [
            "namespace MyApp.System { internal class Span<T> { } internal class IDisposable { } }",
            "namespace MyApp.Cleave { internal class ModelRunner { } internal class Generated { } }",
            "namespace MyApp.System.Cleave { internal class System { } internal class Cleave { } internal class WholePlan { } internal class Half { } internal class ReadOnlyMemory<T> { } }",
        ];
        GeneratorHost.Run(new RunnerGenerator(), GeneratorHost.Options, sources, Models.File(listing)).Compiles();
    }

    [Fact]
    public void Classes_can_be_extended_by_the_user()
    {
        string source = "namespace MyApp { partial class BertRunner { internal int Answer => 42; } partial class BertInput { internal int Count => InputIds.Length; } partial class BertOutput { } partial class BertCall { } }";
        GeneratorHost.Run(new RunnerGenerator(), GeneratorHost.Options, [source], Models.File(Models.Bert())).Compiles();
    }

    /// <summary>Of <c>model.onnx</c>, say, in code that uses the options of runners too.</summary>
    [Theory]
    [InlineData("Model")]
    [InlineData("Recorded")]
    [InlineData("Ensemble")]
    public void Generated_names_are_clear_beside_those_of_the_runtime(string stem)
    {
        string source = $$"""
            using Cleave;
            using MyApp;
            namespace Elsewhere
            {
                internal static class Use
                {
                    public static float First(RunnerOptions options, float[] x)
                    {
                        using {{stem}}Runner runner = new(options);
                        using {{stem}}Call call = runner.CreateCall();
                        {{stem}}Input input = new() { X = x };
                        using {{stem}}Output output = runner.Run(input);
                        return output.Y[0];
                    }
                }
            }
            """;
        ModelListing listing = Models.Listing([Models.Float("x", 1)], [Models.Float("y", 1)], "models/" + stem + ".onnx");
        GeneratorHost.Run(new RunnerGenerator(), GeneratorHost.Options, [source], Models.File(listing)).Compiles();
    }

    [Fact]
    public void No_public_name_of_the_runtime_ends_as_generated_ones_do()
    {
        string[] endings = ["Runner", "Input", "Output", "Call"];
        // Types with parameters are told from those without.
        Assert.DoesNotContain(typeof(RunnerOptions).Assembly.GetExportedTypes(),
            t => t.Namespace == "Cleave" && !t.IsGenericType && endings.Any(e => t.Name.EndsWith(e, System.StringComparison.Ordinal)));
    }

    private static Generated Run(ValueInfo[] inputs, ValueInfo[] outputs, string source = "models/bert.onnx") =>
        GeneratorHost.Run(Models.File(Models.Listing(inputs, outputs, source)));

    private static string Parameters(Generated generated, string type, string method) => string.Join(
        ", ",
        generated.Type(type).GetMembers(method).OfType<Microsoft.CodeAnalysis.IMethodSymbol>().Single().Parameters.Select(p => p.ToDisplayString(Display)));

    private static readonly Microsoft.CodeAnalysis.SymbolDisplayFormat Display = new(
        parameterOptions: Microsoft.CodeAnalysis.SymbolDisplayParameterOptions.IncludeType | Microsoft.CodeAnalysis.SymbolDisplayParameterOptions.IncludeName,
        miscellaneousOptions: Microsoft.CodeAnalysis.SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers | Microsoft.CodeAnalysis.SymbolDisplayMiscellaneousOptions.UseSpecialTypes);
}
