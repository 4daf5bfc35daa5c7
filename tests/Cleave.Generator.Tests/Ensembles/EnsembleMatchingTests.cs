using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Microsoft.CodeAnalysis;
using Xunit;
using static Cleave.Generator.Tests.Ensembles.VisionEnsemble;

namespace Cleave.Generator.Tests.Ensembles;

/// <summary>Which inputs, outputs and dimensions of the members are one of the ensemble.</summary>
public sealed class EnsembleMatchingTests
{
    [Fact]
    public void Inputs_of_other_names_are_matched_by_order_with_a_note()
    {
        ModelListing other = Member("other", [Models.Float("pixels", "N", 3)], [Models.Float("scores", "N", 10)]);
        Generated generated = Run(Vision(A, other), A, other);
        Diagnostic note = Assert.Single(generated.Diagnostics);
        Assert.Equal(("CLV2037", DiagnosticSeverity.Info), (note.Id, note.Severity));
        Assert.Contains("'pixels' of 'models/other.onnx' is taken for 'image'", Assert.Single(generated.Messages), StringComparison.Ordinal);
        Assert.Equal(["Batch", "Image"], generated.Members("MyApp.VisionInput"));
    }

    [Fact]
    public void Outputs_of_equal_shape_and_other_names_are_matched_by_order_with_a_note()
    {
        ModelListing one = Member("one", [Models.Float("image", "batch", 3)], [Models.Float("scores", "batch", 10), Models.Float("features", "batch", 10)]);
        ModelListing other = Member("other", [Models.Float("image", "N", 3)], [Models.Float("logits", "N", 10), Models.Float("code", "N", 10)]);
        Generated generated = Run(Vision(one, other), one, other);
        Assert.Equal([("CLV2037", DiagnosticSeverity.Info), ("CLV2037", DiagnosticSeverity.Info)], generated.Diagnostics.Select(d => (d.Id, d.Severity)));
        Assert.Contains("have no output of one name there: 'logits' of 'models/other.onnx' is taken for 'scores'", generated.Messages[0], StringComparison.Ordinal);
        Assert.Contains("have no output of one name there: 'code' of 'models/other.onnx' is taken for 'features'", generated.Messages[1], StringComparison.Ordinal);
        // The names are the first member's, and the places, not the names, say what belongs together.
        Assert.Equal(["Scores", "Features", "Dispose"], generated.Members("MyApp.VisionOutput"));
        string source = generated.Source("MyApp.VisionRunner.g.cs");
        Assert.Contains("CombinationRule.Mean, new int[] { 0, 0 }", source, StringComparison.Ordinal);
        Assert.Contains("CombinationRule.Mean, new int[] { 1, 1 }", source, StringComparison.Ordinal);
        Assert.DoesNotContain(generated.Compilation.GetDiagnostics(), static d => d.Severity == DiagnosticSeverity.Error);
    }

    [Fact]
    public void An_output_of_the_same_name_is_taken_wherever_it_stands()
    {
        ModelListing one = Member("one", [Models.Float("image", "batch", 3)], [Models.Float("scores", "batch", 10), Models.Float("features", "batch", 10)]);
        ModelListing turned = Member("turned", [Models.Float("image", "N", 3)], [Models.Float("features", "N", 10), Models.Float("scores", "N", 10)]);
        Generated generated = Run(Vision(one, turned), one, turned).Compiles();
        Assert.Empty(generated.Messages);
        Assert.Contains("CombinationRule.Mean, new int[] { 0, 1 }", generated.Source("MyApp.VisionRunner.g.cs"), StringComparison.Ordinal);
        // What has the other one's name is nobody else's.
        ModelListing half = Member("half", [Models.Float("image", "N", 3)], [Models.Float("features", "N", 10), Models.Float("logits", "N", 10)]);
        Assert.StartsWith("CLV2035: The members of the ensemble 'Vision' disagree on the output 'scores'", Message(one, half), StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_may_have_an_input_of_its_own()
    {
        ModelListing other = Member("other", [Models.Float("image", "N", 3), Models.Tensor("words", ElementType.Int64, "N", "sequence")], [Models.Float("scores", "N", 10)]);
        Generated generated = Run(Vision(A, other), A, other).Compiles();
        Assert.Equal(["Batch", "Sequence", "Image", "Words"], generated.Members("MyApp.VisionInput"));
        Assert.Contains("new int[] { 0, 1 }", generated.Source("MyApp.VisionRunner.g.cs"), StringComparison.Ordinal);
    }

    // By order, the mask of b would be an image, and c's the only mask.
    [Theory]
    [InlineData("a", "b", "c")]
    [InlineData("a", "c", "b")]
    [InlineData("b", "a", "c")]
    [InlineData("c", "b", "a")]
    public void Inputs_of_one_name_are_one_whatever_the_order_of_the_members(params string[] order)
    {
        Dictionary<string, string[]> inputs = new() { ["a"] = ["image"], ["b"] = ["mask"], ["c"] = ["image", "mask"] };
        ModelListing[] models = [.. order.Select(name => Member(name, [.. inputs[name].Select(i => Models.Float(i, "N", 3))], [Models.Float("scores", "N", 10)]))];
        Generated generated = Run(Vision(models), models).Compiles();
        Assert.Empty(generated.Messages);
        string[] all = [.. order.SelectMany(name => inputs[name]).Distinct()];
        Assert.Equal(["N", .. all.Select(i => i == "image" ? "Image" : "Mask")], generated.Members("MyApp.VisionInput"));
        string source = generated.Source("MyApp.VisionRunner.g.cs");
        foreach (string name in order)
            Assert.Contains("\"models/" + name + ".onnx\", global::MyApp." + name.ToUpperInvariant() + "Runner.Definition, new int[] { " + string.Join(", ", inputs[name].Select(i => Array.IndexOf(all, i))) + " }", source, StringComparison.Ordinal);
    }

    // The name is the earliest member's.
    [Theory]
    [InlineData(new[] { "input", "input", "input_1", "input_1" }, "Input", "'input_1' of 'models/m2.onnx' is taken for 'input'", "'input_1' of 'models/m3.onnx' is taken for 'input'")]
    [InlineData(new[] { "input", "x", "input", "x" }, "Input", "'x' of 'models/m1.onnx' is taken for 'input'", "'x' of 'models/m3.onnx' is taken for 'input'")]
    [InlineData(new[] { "input", "x", "x" }, "Input", "'x' of 'models/m1.onnx' is taken for 'input'", "'x' of 'models/m2.onnx' is taken for 'input'")]
    [InlineData(new[] { "x", "x", "input" }, "X", "'input' of 'models/m2.onnx' is taken for 'x'")]
    [InlineData(new[] { "x", "y", "z" }, "X", "'y' of 'models/m1.onnx' is taken for 'x'", "'z' of 'models/m2.onnx' is taken for 'x'")]
    public void Names_that_no_member_has_both_are_matched_by_order(string[] inputs, string property, params string[] notes)
    {
        ModelListing[] models = [.. inputs.Select((name, i) => Member("m" + i, [Models.Float(name, "N", 3)], [Models.Float("scores", "N", 10)]))];
        Generated generated = Run(Vision(models), models);
        Assert.Equal(["N", property], generated.Members("MyApp.VisionInput"));
        Assert.All(generated.Diagnostics, static d => Assert.Equal("CLV2037", d.Id));
        Assert.Equal(notes.Length, generated.Messages.Count());
        Assert.All(notes, note => Assert.Contains(generated.Messages, m => m.Contains(note, StringComparison.Ordinal)));
    }

    // One's mask would be the other's types.
    [Theory]
    [InlineData("ids mask", "ids types")]
    [InlineData("ids mask", "ids mask", "ids types", "ids types")]
    public void Names_of_members_that_share_another_name_are_not_matched(params string[] inputs)
    {
        ModelListing[] models = [.. inputs.Select((names, i) => Member("m" + i, [.. names.Split(' ').Select(n => Models.Tensor(n, ElementType.Int64, "N", "S"))], [Models.Float("scores", "N", 10)]))];
        Generated generated = Run(Vision(models), models).Compiles();
        Assert.Empty(generated.Messages);
        Assert.Equal(["N", "S", "Ids", "Mask", "Types"], generated.Members("MyApp.VisionInput"));
    }

    [Fact]
    public void Names_that_are_matched_by_order_keep_the_places_of_each_member()
    {
        ModelListing a = Member("a", [Models.Float("image", "N", 3), Models.Float("mask", "N", 3)], [Models.Float("scores", "N", 10)]);
        ModelListing b = Member("b", [Models.Float("m", "N", 4), Models.Float("x", "N", 3), Models.Float("y", "N", 3)], [Models.Float("scores", "N", 10)]);
        Generated generated = Run(Vision(a, b), a, b);
        Assert.Equal(["N", "Image", "Mask", "M"], generated.Members("MyApp.VisionInput"));
        Assert.Contains("global::MyApp.BRunner.Definition, new int[] { 2, 0, 1 }", generated.Source("MyApp.VisionRunner.g.cs"), StringComparison.Ordinal);
    }

    // What a leaves open, b says is one.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Dimensions_that_are_one_in_any_member_are_one(bool turned)
    {
        ModelListing a = Member("a", [Models.Float("image", null!, 3), Models.Float("mask", null!, 3)], [Models.Float("scores", 10)]);
        ModelListing b = Member("b", [Models.Float("image", "N", 3), Models.Float("mask", "N", 3)], [Models.Float("scores", 10)]);
        ModelListing[] models = turned ? [b, a] : [a, b];
        Assert.Equal(["N", "Image", "Mask"], Run(Vision(models), models).Compiles().Members("MyApp.VisionInput"));
    }

    [Fact]
    public void A_fixed_dimension_of_one_member_is_the_ensembles()
    {
        ModelListing one = Member("one", [Models.Float("image", 1, 3)], [Models.Float("scores", 1, 10)]);
        Generated generated = Run(Vision(A, one), A, one).Compiles();
        Assert.Equal(["Image"], generated.Members("MyApp.VisionInput"));
        Assert.Contains("<c>scores</c>: float [1, 10].", generated.Source("MyApp.VisionRunner.g.cs"), StringComparison.Ordinal);
    }
}
