using System;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.TestKit.Generation;
using Microsoft.CodeAnalysis;
using Xunit;
using static Cleave.Generator.Tests.Ensembles.VisionEnsemble;

namespace Cleave.Generator.Tests.Ensembles;

/// <summary>What is generated of an ensemble, and what is said where there can be none.</summary>
public sealed class EnsembleSurfaceTests
{
    [Fact]
    public void It_has_the_members_input_and_the_combined_output()
    {
        Generated generated = Run(Vision(A, B), A, B).Compiles();
        Assert.Equal(["Batch", "Image"], generated.Members("MyApp.VisionInput"));
        Assert.Equal(["Scores", "Dispose"], generated.Members("MyApp.VisionOutput"));
        Assert.Contains("global::Cleave.EnsembleRunner<VisionInput, VisionOutput>", generated.Source("MyApp.VisionRunner.g.cs"), StringComparison.Ordinal);
        Assert.Contains("<c>scores</c>: float [batch, 10].", generated.Source("MyApp.VisionRunner.g.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_says_the_same_writes_nothing_again()
    {
        EnsembleListing ensemble = Vision(A, B);
        BuildFile file = new("/project/obj/cleave/Vision.ensemble", GeneratedEnsemble.Text(ensemble));
        GeneratorDriver driver = GeneratorHost.Driver(new RunnerGenerator(), GeneratorHost.Options, Models.File(A, "a"), Models.File(B, "b"), file).RunGenerators(Compiling.Project());
        driver = driver.ReplaceAdditionalText(file, new BuildFile(file.Path, GeneratedEnsemble.Text(ensemble))).RunGenerators(Compiling.Project());
        Steps.Of(driver).IsCached(TrackingNames.EnsembleRunners).NothingIsWritten();
    }

    [Theory]
    [InlineData("SoftVote", "int64 [batch]")]
    [InlineData("MajorityVote", "int64 [batch]")]
    [InlineData("Stack", "float [2, batch, 10]")]
    [InlineData("Max", "float [batch, 10]")]
    [InlineData("scores=stack", "float [2, batch, 10]")]
    public void A_rule_says_what_the_output_is(string rule, string shape) =>
        Assert.Contains("<c>scores</c>: " + shape + ".", Run(Vision(A, B) with { Combine = [rule] }, A, B).Compiles().Source("MyApp.VisionRunner.g.cs"), StringComparison.Ordinal);

    [Fact]
    public void Its_place_is_written_and_the_processor_alone_is_no_device()
    {
        Assert.Contains(
            "{ Path = \"models/App/Vision.ensemble\" };",
            Run(Vision(A, B) with { Path = "models/App/Vision.ensemble", Devices = ["CPU"] }, A, B).Compiles().Source("MyApp.VisionRunner.g.cs"), StringComparison.Ordinal);
        Assert.DoesNotContain("Devices =", Run(Vision(A, B) with { Devices = ["CPU"] }, A, B).Source("MyApp.VisionRunner.g.cs"), StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_are_written_as_they_are() => Assert.Contains(
        "CombinationRule.WeightedMean, new int[] { 0, 0 }, new double[] { 0.1, 2 }",
        Run(Vision(A, B) with { Combine = ["WeightedMean"], Weights = ["0.1", "2"] }, A, B).Compiles().Source("MyApp.VisionRunner.g.cs"), StringComparison.Ordinal);

    [Fact]
    public void An_own_rule_is_a_partial_method_that_the_compiler_asks_for()
    {
        EnsembleListing ensemble = Vision(A, B) with { Combine = ["Custom"] };
        BuildFile[] files = [Models.File(A, "a"), Models.File(B, "b"), new("/project/obj/cleave/Vision.ensemble", GeneratedEnsemble.Text(ensemble))];
        const string rule = "namespace MyApp { partial class VisionRunner { private partial Cleave.OutputTensor<float> CombineScores(Cleave.OutputTensor<float> a, Cleave.OutputTensor<float> b) => b; } }";
        GeneratorHost.Run(new RunnerGenerator(), GeneratorHost.Options, [rule], files).Compiles();
        Generated without = GeneratorHost.Run(files);
        Assert.Equal(["CS8795"], without.Compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.Id));
    }

    [Fact]
    public void A_model_from_elsewhere_is_called_by_its_link_on_every_machine()
    {
        string[] alice = Sources("alice");
        Assert.Equal(alice, Sources("bob"));
        Assert.Contains(alice, static s => s.Contains("<summary>Runs the model <c>nets/a.onnx</c>.</summary>", StringComparison.Ordinal));
        Assert.Contains(alice, static s => s.Contains("new(\"nets/a.onnx\", global::MyApp.ARunner.Definition", StringComparison.Ordinal));

        static string[] Sources(string user)
        {
            ModelListing outside = A with { Options = A.Options with { Source = "../../home/" + user + "/a.onnx", Path = "models/MyApp/nets/a.onnx", Link = "nets/a.onnx" } };
            Generated generated = Run(Vision(outside, B), outside, B).Compiles();
            return [.. generated.Hints.Select(h => generated.Source(h))];
        }
    }

    [Fact]
    public void What_differs_in_an_input_is_named()
    {
        Assert.Equal(
            "CLV2034: The members of the ensemble 'Vision' disagree on the input 'image': its dimension 1 is 3 in 'models/a.onnx' and 4 in 'models/c.onnx'. Export them with the same input, or give the input of one of them another name: then it is an input of its own.",
            Message(A, Member("c", [Models.Float("image", "N", 4)], [Models.Float("scores", "N", 10)])));
        Assert.Contains("'models/a.onnx' takes float, 'models/c.onnx' double", Message(A, Member("c", [Models.Tensor("image", ElementType.Double, "N", 3)], [Models.Float("scores", "N", 10)])), StringComparison.Ordinal);
        Assert.Contains("'models/a.onnx' takes 2 dimensions, 'models/c.onnx' 3", Message(A, Member("c", [Models.Float("image", "N", 3, 4)], [Models.Float("scores", "N", 10)])), StringComparison.Ordinal);
    }

    [Fact]
    public void What_differs_in_an_output_is_named()
    {
        const string Own = "Choose outputs that are alike (item metadata Outputs of the models), or combine it by a rule of your own: Combine=\"scores=Custom\".";
        Assert.Equal("CLV2036: The ensemble 'Vision' cannot combine the output 'scores' by Mean: it takes outputs of equal shapes, but 'models/a.onnx' gives [batch, 10], 'models/c.onnx' [N, 11]. " + Own,
            Message(A, Member("c", [Models.Float("image", "N", 3)], [Models.Float("scores", "N", 11)])));
        Assert.Equal("CLV2035: The members of the ensemble 'Vision' disagree on the output 'scores': 'models/a.onnx' has it, 'models/c.onnx' does not: it has 'x', 'y'. "
            + "Put a member first whose outputs all others have, or choose outputs that they have in common (item metadata Outputs of the models).",
            Message(A, Member("c", [Models.Float("image", "N", 3)], [Models.Float("x", "N", 10), Models.Float("y", "N", 10)])));
        Assert.EndsWith("gives float, 'models/c.onnx' int64. " + Own, Message(A, Member("c", [Models.Float("image", "N", 3)], [Models.Tensor("scores", ElementType.Int64, "N", 10)])), StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_that_the_first_member_does_not_have_is_noted()
    {
        ModelListing more = Member("more", [Models.Float("image", "N", 3)], [Models.Float("scores", "N", 10), Models.Float("features", "N", 64)]);
        Assert.StartsWith("CLV2038: The ensemble 'Vision' does not give the output 'features' of 'models/more.onnx'", Message(A, more), StringComparison.Ordinal);
    }

    [Fact]
    public void Members_are_known_and_listed_once()
    {
        Assert.StartsWith("CLV2030:", Message(Vision(), A), StringComparison.Ordinal);
        Assert.StartsWith("CLV2031: The ensemble 'Vision' lists the model 'models/a.onnx' more than once.", Message(Vision(A, B, A), A, B), StringComparison.Ordinal);
        Assert.StartsWith("CLV2032: The ensemble 'Vision' lists the model 'models/b.onnx'", Message(Vision(A, B), A), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Average", "", "Combine=\"Average\"; use Mean, WeightedMean, SoftVote, MajorityVote, Max, Stack or Custom")]
    [InlineData("box=Mean", "", "the members have no output 'box': they have 'scores'")]
    [InlineData("Mean;Max", "", "Combine=\"Max\"; one rule for all outputs was given before, Mean: give other rules with the name of an output, such as scores=Max")]
    [InlineData("scores=Mean; scores =Max", "", "Combine=\" scores =Max\"; the output 'scores' was given a rule before, Mean: take one of the two off the item")]
    [InlineData("WeightedMean", "", "give each member a weight")]
    [InlineData("WeightedMean", "1", "Weights=\"1\"; give one weight for each of the 2 members, not 1")]
    [InlineData("WeightedMean", "1;-1", "use numbers of 0 and more")]
    [InlineData("WeightedMean", "1;1,5", "use numbers of 0 and more")]
    [InlineData("WeightedMean", "0;0", "their sum must be more than 0")]
    [InlineData("Mean", "1;2", "no rule uses them")]
    public void Metadata_that_makes_no_sense_is_refused(string combine, string weights, string expected)
    {
        string message = Message(Vision(A, B) with { Combine = combine.Split(';'), Weights = weights.Split(';', StringSplitOptions.RemoveEmptyEntries) }, A, B);
        Assert.StartsWith("CLV2033: The ensemble 'Vision' has the item metadata", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_that_means_nothing_is_a_warning_and_costs_nothing_else()
    {
        EnsembleListing vision = Vision(A, B) with { Unused = [new("Combin", "Combine is probably meant"), new("Dims", "it belongs on the items of its members")] };
        Generated generated = Run(vision, A, B);
        Assert.Equal(
            [
                "CLV2040: The ensemble 'Vision' has the item metadata Combin, which means nothing there; Combine is probably meant.",
                "CLV2040: The ensemble 'Vision' has the item metadata Dims, which means nothing there; it belongs on the items of its members.",
            ],
            generated.Messages);
        Assert.NotEmpty(generated.Source("MyApp.VisionRunner.g.cs"));
        Assert.Equal(Severity.Warning, Rules.EnsembleMetadataUnused.Severity);
    }

    [Fact]
    public void A_tuning_file_that_is_of_no_use_is_a_warning_and_costs_nothing_else()
    {
        string a = ListingWriter.Hash(A.Model!), b = ListingWriter.Hash(B.Model!);
        EnsembleListing vision = Vision(A, B) with { Path = "models/App/Vision.ensemble" };
        Assert.Empty(Run(vision with { Tunings = [new("here", [a, b])] }, A, B).Diagnostics);
        foreach (string[] graphs in new string[][] { [b, a], [a], [a, b, a], [a, "h2:other"] })
        {
            Generated generated = Run(vision with { Tunings = [new("here", [a, b]), new("x64, 2 cores", graphs)] }, A, B);
            Assert.Equal("CLV2039: The tuning file 'Vision.ensemble.tune' does not fit the ensemble 'Vision': it was measured of other members or other graphs (x64, 2 cores). "
                + "Runners will not go by it. Tune again: cleave tune --ensemble Vision", Assert.Single(generated.Messages));
            Assert.NotEmpty(generated.Source("MyApp.VisionRunner.g.cs"));
        }
        Assert.Equal(Severity.Warning, Rules.EnsembleTuningStale.Severity);
        Assert.Contains("does not fit the ensemble 'Vision': line 3 is no line.", Message(vision with { TuningProblem = "line 3 is no line" }, A, B), StringComparison.Ordinal);
    }

    [Fact]
    public void Devices_that_there_may_be_are_handed_to_the_runner()
    {
        string source = Run(Vision(A, B) with { Path = "models/App/Vision.ensemble", Devices = ["CUDA:1", "cuda", "cpu"] }, A, B).Compiles().Source("MyApp.VisionRunner.g.cs");
        Assert.Contains("{ Path = \"models/App/Vision.ensemble\", Devices = new string[] { \"cuda:1\", \"cuda:0\", \"cpu\" } };", source, StringComparison.Ordinal);
        foreach ((string device, string why) in new[] { ("tpu", "use cpu, cuda, or cuda:0"), ("cuda:-1", "use cpu, cuda, or cuda:0"), ("cuda:", "use cpu, cuda, or cuda:0"), ("cuda:0", "list each device once") })
            Assert.Contains("Devices=\"" + device + "\"; " + why, Message(Vision(A, B) with { Devices = ["cuda", device] }, A, B), StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_have_no_mean()
    {
        ModelListing[] labels = [.. new[] { "a", "b" }.Select(n => Member(n, [Models.Float("x", 1)], [Models.Tensor("label", ElementType.Int64, 1)]))];
        Assert.Contains("by Mean: it takes float, double or float16, and it is int64", Message(labels), StringComparison.Ordinal);
        Run(Vision(labels) with { Combine = ["MajorityVote"] }, labels).Compiles();
    }

    // One score for each sample: the largest is no class, but a sample.
    [Theory]
    [InlineData("SoftVote")]
    [InlineData("MajorityVote")]
    public void Votes_are_not_over_the_samples_of_a_batch(string rule)
    {
        ModelListing[] models = [.. new[] { ("a", "batch"), ("b", "N") }.Select(m => Reduced(m.Item1, m.Item2, 1))];
        Assert.Equal(
            "CLV2036: The ensemble 'Vision' cannot combine the output 'scores' by " + rule + ": its last dimension is the batch, 'batch', so it would give the best sample instead of "
            + "each sample's best class; export it as [batch, classes]. Take another rule for it: Combine=\"scores=Stack\", or Custom for one of your own.",
            Message(Vision(models) with { Combine = [rule] }, models));
        Run(Vision(models) with { Combine = ["Mean"] }, models).Compiles();
        // What the file calls the dimension does not matter.
        ModelListing[] renamed = [.. new[] { ("a", "batch"), ("b", "N") }.Select(m => Reduced(m.Item1, m.Item2, 1, "Squeezescores_dim_0"))];
        Assert.Contains("its last dimension is the batch, 'batch'", Message(Vision(renamed) with { Combine = [rule] }, renamed));
        // The only dimension may be the classes.
        models = [.. new[] { ("a", "batch"), ("b", "N") }.Select(m => Reduced(m.Item1, m.Item2, 0))];
        Run(Vision(models) with { Combine = [rule] }, models).Compiles();
    }

    // The largest along an axis of [batch, classes].
    private static ModelListing Reduced(string name, string batch, long axis, string? declared = null) => Models.Listing(
        new OnnxModel
        {
            IrVersion = 8,
            Opsets = [new OpsetImport("", 17)],
            Graph = new OnnxGraph
            {
                Inputs = [Models.Float("x", batch, 10)],
                Outputs = [axis == 1 ? Models.Float("scores", declared ?? batch) : Models.Float("scores", 10)],
                Nodes =
                [
                    new Node("", "ReduceMax", "", ["x"], ["scores"],
                        [new NodeAttribute("axes", AttributeKind.Ints) { Ints = [axis] }, new NodeAttribute("keepdims", AttributeKind.Int) { Ints = [0] }]),
                ],
            },
        },
        "models/" + name + ".onnx");

    [Fact]
    public void A_class_that_a_model_makes_too_is_an_error_of_both()
    {
        ModelListing vision = Member("vision", [Models.Float("image", "N", 3)], [Models.Float("scores", "N", 10)]);
        string[] messages = [.. Run(Vision(A, vision), A, vision).Messages.Where(m => m.StartsWith("CLV2003", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Assert.Equal(
            [
                "CLV2003: 'Vision' makes the class 'MyApp.VisionRunner', and so does 'models/vision.onnx'. Give one of them other item metadata: ClassName=\"…\" or Namespace=\"…\".",
                "CLV2003: 'models/vision.onnx' makes the class 'MyApp.VisionRunner', and so does 'Vision'. Give one of them other item metadata: ClassName=\"…\" or Namespace=\"…\".",
            ],
            messages);
    }

    [Fact]
    public void An_ensemble_of_models_that_make_the_same_class_is_left_out()
    {
        ModelListing other = A with { Options = A.Options with { Source = "models/other/a.onnx", Path = "models/other/a.onnx" } };
        Generated generated = Run(Vision(A, other), A, other);
        Assert.Equal(["CLV2003", "CLV2003"], generated.Diagnostics.Select(d => d.Id));
        Assert.Empty(generated.Hints);
        Assert.DoesNotContain(generated.Compilation.GetDiagnostics(), d => d.Severity == DiagnosticSeverity.Error);
    }

    [Fact]
    public void A_file_that_is_none_is_reported()
    {
        Generated generated = GeneratorHost.Run(new BuildFile("/project/obj/cleave/x.ensemble", "cleave-ensemble 2\n"));
        Assert.StartsWith("CLV2006:", Assert.Single(generated.Messages), StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_names_are_escaped()
    {
        const string evil = "*/ \" \\ \n <x> \u202e";
        ModelListing odd = Member("odd", [Models.Float(evil, 1)], [Models.Float(evil + "2", 1)]);
        Run(Vision(odd) with { Name = "Vision" + evil }, odd).Compiles();
    }
}
