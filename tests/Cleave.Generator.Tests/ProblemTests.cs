using System;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Generator.Emit;
using Cleave.TestKit.Generation;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;
using Xunit;
using static Cleave.Generator.Tests.BesideGood;

namespace Cleave.Generator.Tests;

/// <summary>Every model yields a class or an error; an error costs no other model its class.</summary>
public class ProblemTests
{
    public static TheoryData<string, string> NoTensors => new()
    {
        { "seq(tensor(float))", "sequence" },
        { "optional(tensor(float))", "optional" },
        { "map(int64,tensor(float))", "map" },
        { "sparse_tensor(float)", "sparse" },
        { "opaque(d,n)", "opaque" },
        { "unknown", "unknown" },
    };

    [Theory]
    [MemberData(nameof(NoTensors))]
    public void An_input_or_output_that_is_no_tensor(string words, string kind)
    {
        OnnxType tensor = new OnnxType.Tensor(ElementType.Float, null);
        OnnxType type = kind switch
        {
            "sequence" => new OnnxType.Sequence(tensor),
            "optional" => new OnnxType.Optional(tensor),
            "map" => new OnnxType.Map(ElementType.Int64, tensor),
            "sparse" => new OnnxType.SparseTensor(ElementType.Float, null),
            "opaque" => new OnnxType.Opaque("d", "n"),
            _ => OnnxType.Unknown.Instance,
        };
        ModelListing listing = Models.Listing([new ValueInfo("a", type)], [new ValueInfo("b", type)]);
        Generated generated = Refused(listing);
        Assert.Equal(["CLV2001", "CLV2001"], generated.Diagnostics.Select(d => d.Id));
        Assert.Contains("the input 'a' of type " + words, generated.Messages[0], StringComparison.Ordinal);
        Assert.Contains("the output 'b' of type " + words, generated.Messages[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Every_element_type_is_supported_or_refused()
    {
        foreach (ElementType element in Enum.GetValues<ElementType>())
        {
            ModelListing listing = Models.Listing([Models.Tensor("x", element, 1)], [Models.Float("y", 1)]);
            if (Model.TypeText.CSharp(element) is not null)
                GeneratorHost.Run(Models.File(listing)).Compiles();
            else
                Assert.Contains("the input 'x' with elements of type " + element.Word(), Refused(listing, "CLV2002").Messages[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void No_outputs() => Refused(Models.Listing([Models.Float("x", 1)], []), "CLV2008");

    [Fact]
    public void More_elements_than_an_array_holds()
    {
        Refused(Models.Listing([Models.Float("x", 3_000_000_000)], [Models.Float("y", 1)]), "CLV2009");
        Refused(Models.Listing([Models.Float("x", 1)], [Models.Float("y", 100_000, 100_000)]), "CLV2009");
        Refused(Models.Listing([Models.Float("x", "n", 3_000_000_000)], [Models.Float("y", 1)]), "CLV2009");
        // Nothing is too large where another dimension is, or may be, zero.
        GeneratorHost.Run(Models.File(Models.Listing([Models.Float("x", 100_000, 0, 100_000)], [Models.Float("y", 100_000, null, 100_000)]))).Compiles();
    }

    [Theory]
    [MemberData(nameof(Elements))]
    public void What_plans_may_hand_over_has_a_type_in_CSharp(object element) =>
        Assert.Equal(Model.TypeText.CSharp((ElementType)element) is not null, ((ElementType)element).IsInBinding());

    public static TheoryData<object> Elements => [.. Enum.GetValues<ElementType>().Cast<object>()];

    [Fact]
    public void Folders_that_the_compiler_would_cut_are_whole_in_places()
    {
        ModelListing listing = Models.Chosen(["score"]);
        Generated generated = GeneratorHost.Run(new RunnerGenerator(), new BuildOptions(("RootNamespace", "C"), ("CleaveRootNamespace", "C|hDemo"), ("ProjectDir", "/src/C"), ("CleaveProjectFolder", "/src/C|h|s|p/")), [], Models.File(listing));
        Assert.Equal("/src/C#;|/models/face.onnx", generated.Diagnostics[0].Location.GetLineSpan().Path);
    }

    [Theory]
    [InlineData("", "score", "CLV2010: The model 'models/face.onnx' has no value 'score', which the item metadata Outputs names; the nearest: 'scores'. 'cleave inspect --values' lists all.")]
    [InlineData("", "image", "CLV2011: The model 'models/face.onnx' cannot give 'image', which the item metadata Outputs names: it is an input. 'cleave inspect --values' says which values can be chosen.")]
    [InlineData("", "masked", "CLV2011: The model 'models/face.onnx' cannot give 'masked', which the item metadata Outputs names: its element type is not known: it is made by the operator my.Custom. 'cleave inspect --values' says which values can be chosen.")]
    [InlineData("", "scores;scores", "CLV2012: The item metadata Outputs of the model 'models/face.onnx' names 'scores' more than once. Leave one of them out.")]
    [InlineData("", "complex", "CLV2002: The model 'models/face.onnx' has the output 'complex' with elements of type complex64, of which ONNX Runtime's C# binding can make no tensor. No class is generated. Cast it to a supported type inside the model.")]
    [InlineData("false", "scores", "CLV2013: The model 'models/face.onnx' has the item metadata Slicing=\"false\", with which ONNX Runtime opens the file as published and gives its own outputs, and Outputs, which chooses others: scores. Take one of the two off the item.")]
    public void Outputs_that_cannot_be_chosen(string slicing, string outputs, string message)
    {
        ModelListing listing = Models.Chosen(outputs.Split(';'));
        Generated generated = Refused(listing with { Options = listing.Options with { Slicing = slicing } });
        Assert.Equal([message], generated.Messages);
        Assert.Equal("/project/models/face.onnx", generated.Diagnostics[0].Location.GetLineSpan().Path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("false")]
    public void The_models_own_outputs_in_another_order_are_the_whole_model(string slicing)
    {
        ModelListing listing = Models.Chosen("boxes", "scores");
        Generated generated = GeneratorHost.Run(Models.File(listing with { Options = listing.Options with { Slicing = slicing } })).Compiles();
        Assert.Equal(["Boxes", "Scores", "Dispose"], generated.Members("MyApp.FaceOutput"));
        Assert.Equal(2, generated.Members("MyApp.FaceInput").Count(m => m is "Image" or "Mask"));
        Assert.Contains("\"*\",", generated.Source("MyApp.FaceRunner.Plan.g.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_outputs_can_give_chosen_ones()
    {
        ModelListing listing = Models.Chosen("/backbone/pool/output_0");
        OnnxGraph graph = listing.Model!.Graph;
        listing = listing with
        {
            Model = new OnnxModel
            {
                IrVersion = 8,
                Opsets = [new OpsetImport("", 17)],
                Graph = new OnnxGraph { Inputs = graph.Inputs, Nodes = graph.Nodes, Initializers = graph.Initializers },
            },
        };
        Assert.Equal(["BackbonePoolOutput0", "Dispose"], GeneratorHost.Run(Models.File(listing)).Compiles().Members("MyApp.FaceOutput"));
    }

    [Fact]
    public void Two_models_of_one_name()
    {
        Generated generated = GeneratorHost.Run(
            Models.File(Models.Bert("a/model.onnx"), "a"), Models.File(Models.Bert("b/model.onnx"), "b"), Models.File(Good, "good"));
        Assert.Equal(["CLV2003", "CLV2003"], generated.Diagnostics.Select(d => d.Id));
        Assert.Contains(generated.Messages, m => m.Contains("'a/model.onnx' makes the class 'MyApp.ModelRunner', and so does 'b/model.onnx'", StringComparison.Ordinal));
        Assert.Contains(generated.Messages, m => m.Contains("'b/model.onnx' makes the class 'MyApp.ModelRunner', and so does 'a/model.onnx'", StringComparison.Ordinal));
        OnlyGoodRemains(generated);
    }

    [Fact]
    public void Two_models_of_one_name_in_two_namespaces()
    {
        GeneratorHost.Run(
            Models.File(Models.Bert("a/model.onnx"), "a"),
            Models.File(Models.With(Models.Bert("b/model.onnx"), "Namespace", "MyApp.B"), "b")).Compiles();
    }

    [Fact]
    public void Two_models_of_one_file_name_are_told_apart_by_their_class()
    {
        Generated generated = GeneratorHost.Run(
            Models.File(Models.With(Models.Bert("bge/model.onnx"), "ClassName", "Bge"), "a"),
            Models.File(Models.With(Models.Bert("whisper/model.onnx"), "ClassName", "Whisper"), "b"),
            Models.File(Models.Bert("other/model.onnx"), "c")).Compiles();
        foreach ((string stem, string name) in new[] { ("Bge", "Bge"), ("Whisper", "Whisper"), ("Model", "model") })
            Assert.Contains("name: \"" + name + "\",", generated.Source("MyApp." + stem + "Runner.Plan.g.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_differ_in_case_or_in_letters_beyond_ascii_get_files_of_their_own()
    {
        Generated generated = GeneratorHost.Run(
            Models.File(Models.With(Models.Bert(), "ClassName", "Face"), "a"),
            Models.File(Models.With(Models.Bert(), "ClassName", "face"), "b"),
            Models.File(Models.With(Models.Bert(), "ClassName", "Gesicht_Ä"), "c"),
            Models.File(Models.With(Models.Bert(), "ClassName", "Gesicht_Ö"), "d"),
            Models.File(Models.With(Models.Bert(), "Namespace", string.Join(".", Enumerable.Repeat(new string('n', 90), 5))), "e")).Compiles();
        Assert.Equal(10, generated.Hints.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(generated.Hints, h => Assert.Matches("^[A-Za-z0-9_.]{1,160}$", h));
    }

    [Theory]
    [InlineData("/project/models/x.onnx")]
    [InlineData("/project/models/X.ONNX")]
    public void A_model_itself_says_that_the_targets_are_missing(string path)
    {
        BuildFile binary = new(path, text: null, isListing: false);
        Generated generated = GeneratorHost.Run(binary, Models.File(Good, "good"));
        Diagnostic diagnostic = Assert.Single(generated.Diagnostics);
        Assert.Equal("CLV2005", diagnostic.Id);
        Assert.Contains("'" + path["/project/".Length..] + "'", generated.Messages[0], StringComparison.Ordinal);
        Assert.Equal(0, binary.Reads);
        OnlyGoodRemains(generated);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("something else")]
    [InlineData("cleave-listing 2\noptions\n")]
    [InlineData("cleave-listing 1\n")]
    [InlineData("cleave-listing 1\noptions\n  source \"a\"\n")]
    [InlineData("cleave-listing 1\noptions\n  source \"unended\n")]
    [InlineData("cleave-listing 1\nnonsense\n")]
    [InlineData("cleave-listing 1\nproblem CLV9999 \"a\"\n")]
    [InlineData("cleave-listing 1\ngraph h2\n  ir 8")]
    [InlineData("cleave-listing 1\ngraph h2\n  input \"x\" tensor float [99999999999999999999]\n")]
    public void A_listing_that_cannot_be_read(string? text)
    {
        Generated generated = GeneratorHost.Run(new BuildFile("/project/obj/cleave/x.graph", text), Models.File(Good, "good"));
        Assert.Equal("CLV2006", Assert.Single(generated.Diagnostics).Id);
        OnlyGoodRemains(generated);
    }

    [Fact]
    public void A_problem_in_the_listing_is_reported_at_the_model()
    {
        ModelListing listing = Models.Listing(model: null) with { Problems = [new Problem(Rules.ExternalDataMissing, "weights.bin")] };
        Diagnostic diagnostic = Assert.Single(Refused(listing, "CLV1011").Diagnostics);

        FileLinePositionSpan place = diagnostic.Location.GetLineSpan();
        Assert.Equal("/project/models/bert.onnx", place.Path);
        Assert.Equal(new LinePosition(0, 0), place.StartLinePosition);
        Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity);
        Assert.Equal(Rules.ExternalDataMissing.HelpLink, diagnostic.Descriptor.HelpLinkUri);
        Assert.Equal(Rules.ExternalDataMissing.Format("models/bert.onnx", "weights.bin"), diagnostic.GetMessage(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void A_warning_in_the_listing_leaves_the_class()
    {
        Generated generated = GeneratorHost.Run(Models.File(Good with { Problems = [new Problem(Rules.UpdateIgnored)] }));
        Assert.Equal(DiagnosticSeverity.Warning, Assert.Single(generated.Diagnostics).DefaultSeverity);
        OnlyGoodRemains(generated);
    }

    [Fact]
    public void An_error_in_the_listing_takes_the_class_though_the_graph_is_there()
    {
        ModelListing listing = Models.Bert() with { Problems = [new Problem(Rules.DuplicateName, "node", "x")] };
        Refused(listing, "CLV1009");
    }

    [Fact]
    public void A_problem_with_too_few_arguments_makes_the_listing_unreadable()
    {
        ModelListing listing = Models.Listing(model: null) with { Problems = [new Problem(Rules.ExternalDataTooShort, "only one")] };
        Refused(listing, "CLV2006");
    }

    [Fact]
    public void A_bug_in_reading_costs_one_class()
    {
        RunnerGenerator generator = new(
            text => text.Contains("bert", StringComparison.Ordinal) ? throw new InvalidOperationException("no luck") : ListingReader.Read(text),
            RunnerEmitter.Emit);
        FailsButGood(generator);
    }

    [Fact]
    public void A_bug_in_writing_costs_one_class()
    {
        RunnerGenerator generator = new(
            ListingReader.Read,
            spec => spec.Stem == "Bert" ? throw new InvalidOperationException("no luck") : RunnerEmitter.Emit(spec));
        FailsButGood(generator);
    }

    private static void FailsButGood(RunnerGenerator generator)
    {
        Generated generated = GeneratorHost.Run(generator, GeneratorHost.Options, [], Models.File(Models.Bert(), "bert"), Models.File(Good, "good"));
        Assert.Equal("CLV2007", Assert.Single(generated.Diagnostics).Id);
        Assert.Contains("InvalidOperationException: no luck", generated.Messages[0], StringComparison.Ordinal);
        OnlyGoodRemains(generated);
    }

    [Fact]
    public void A_project_in_an_older_language_is_told_so_instead_of_errors_in_generated_code()
    {
        BuildFile ensemble = new("/project/obj/cleave/Both" + EnsembleText.Ending, GeneratedEnsemble.Text(new()
        {
            Name = "Both",
            Source = "App.csproj",
            Members = [new(Good.Options.Source, Good.Options.Path)],
        }));
        GeneratorRunResult result = GeneratorHost.Driver(new RunnerGenerator(), GeneratorHost.Options, Models.File(Good), ensemble)
            .WithUpdatedParseOptions(Compiling.CSharp12.WithLanguageVersion(LanguageVersion.CSharp7_3))
            .RunGenerators(Compiling.Project())
            .GetRunResult().Results.Single();
        Assert.Empty(result.GeneratedSources);
        Diagnostic problem = Assert.Single(result.Diagnostics);
        Assert.Equal("CLV2020", problem.Id);
        Assert.Contains("'models/good.onnx': its code needs C# 12 or later, and the project is compiled as C# 7.3", problem.GetMessage(CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }
}
