using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Core.Graph;
using Cleave.Generator.Analysis;
using Cleave.TestKit.Generation;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>Constants in the user's code against the shapes of generated inputs.</summary>
public class InputAnalyzerTests
{
    // face: [1, 3, 4] and ["batch", 6]; a scalar, and one of unknown rank.
    private static readonly Lazy<Compilation> Project = new(() =>
    {
        BuildFile file = Models.File(Models.Listing(
            [Models.Float("image", 1, 3, 4), Models.Float("mask", "batch", 6), Models.Tensor("sr", ElementType.Int64), Models.AnyShape("any")],
            [Models.Float("y", 1)], "face.onnx"));
        BuildFile keyword = Models.File(Models.Listing([Models.Float("x", "class", 6)], [Models.Float("y", 1)], "keyword.onnx"), "keyword");
        BuildFile pair = Models.File(Models.Listing([Models.Float("x", "batch", "sequence")], [Models.Float("y", 1)], "pair.onnx"), "pair");
        GeneratorHost.Driver(new RunnerGenerator(), GeneratorHost.Options, file, keyword, pair).RunGeneratorsAndUpdateCompilation(Compiling.Project(), out Compilation compilation, out _);
        return compilation;
    });

    private static async Task<string[]> Found(string statements, bool compiles = true)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText($$"""
            using System;
            using MyApp;
            internal static class User
            {
                private const int Two = 2;
                private static void Take(ref float[] array) => array = new float[1];
                private readonly struct Padded
                {
                    public static implicit operator Padded(float[] array) => default;
                    public static implicit operator ReadOnlyMemory<float>(Padded padded) => new float[12];
                }
                private static void Use(int n, float[] unknown)
                {
                    {{statements}}
                }
            }
            """, Compiling.CSharp12, "User.cs");
        Compilation compilation = Project.Value.AddSyntaxTrees(tree);
        if (compiles)
            Assert.DoesNotContain(compilation.GetDiagnostics(), d => d.Severity == DiagnosticSeverity.Error);
        IReadOnlyList<Diagnostic> found = await compilation.WithAnalyzers([new InputAnalyzer()]).GetAnalyzerDiagnosticsAsync();
        Assert.All(found, d => Assert.Equal((DiagnosticSeverity.Warning, tree), (d.DefaultSeverity, d.Location.SourceTree)));
        return [.. found.OrderBy(d => d.Location.SourceSpan.Start).Select(d => d.Id + " " + tree.GetText().ToString(d.Location.SourceSpan) + ": " + d.GetMessage())];
    }

    private static string New(string image = "new float[12]", string mask = "unknown", string dims = "n") =>
        $"_ = new FaceInput({dims}) {{ Image = {image}, Mask = {mask}, Sr = 1, Any = unknown, AnyShape = [1] }};";

    [Theory]
    [InlineData("new float[12]")]
    [InlineData("new float[3 * 4]")]
    [InlineData("new float[n]")]
    [InlineData("unknown")]
    [InlineData("new float[20].AsMemory(0, 12)")]
    [InlineData("(Padded)new float[10]")]
    public async Task What_fits_or_is_not_known_is_fine(string image) => Assert.Empty(await Found(New(image)));

    [Fact]
    public async Task A_length_that_contradicts_the_shape() => Assert.Equal(
        ["CLV2016 new float[13]: 'FaceInput.Image' has the shape [1, 3, 4], which takes 12 elements, but the array given here has 13. The call would end in an ArgumentException."],
        await Found(New("new float[13]")));

    [Theory]
    [InlineData("new float[] { 1, 2, 3 }", "3")]
    [InlineData("new[] { 1f, 2f }", "2")]
    [InlineData("new float[Two * 5]", "10")]
    [InlineData("new float[0]", "0")]
    public async Task Other_ways_to_write_an_array(string image, string length) =>
        Assert.Contains($"but the array given here has {length}.", Assert.Single(await Found(New(image))));

    [Theory]
    [InlineData("new float[12]", "Two", null)]
    [InlineData("new float[13]", "Two", "12")]
    [InlineData("new float[12]", "n", null)]
    [InlineData("new float[13]", "n", "a multiple of 6")]
    [InlineData("new float[0]", "0", null)]
    [InlineData("new float[6]", "0", "0")]
    public async Task Open_dimensions_count_where_they_are_constant(string mask, string dims, string? wanted)
    {
        string[] found = await Found(New(mask: mask, dims: dims));
        if (wanted is null)
            Assert.Empty(found);
        else
            Assert.Contains("'FaceInput.Mask' has the shape [batch, 6], which takes " + wanted + " elements", Assert.Single(found));
    }

    [Fact]
    public async Task A_dimension_called_like_a_keyword_counts_too()
    {
        Assert.Contains("has the shape [class, 6], which takes 12 elements", Assert.Single(await Found("_ = new KeywordInput(2) { X = new float[18] };")));
        Assert.Contains("more elements than an array can hold", Assert.Single(await Found("_ = new KeywordInput(1000000000) { X = unknown };")));
    }

    [Fact]
    public async Task A_local_that_is_set_once_is_known()
    {
        Assert.Contains("CLV2016 pixels: ", Assert.Single(await Found("float[] pixels = new float[5]; pixels[0] = 1; " + New("pixels"))));
        Assert.Contains("CLV2016 pixels: ", Assert.Single(await Found("float[] pixels = new float[5]; Action later = () => { " + New("pixels") + " };")));
    }

    [Theory]
    [InlineData("float[] pixels = new float[5]; if (n > 1) pixels = unknown; ")]
    [InlineData("float[] pixels = new float[5]; Take(ref pixels); ")]
    [InlineData("float[] pixels = new float[5]; (pixels, _) = (unknown, 1); ")]
    [InlineData("float[] pixels; pixels = new float[5]; ")]
    [InlineData("float[] pixels = new float[5]; ref float[] other = ref pixels; other = unknown; ")]
    [InlineData("float[] pixels = new float[5]; ref float[] other = ref unknown; other = ref pixels; other = unknown; ")]
    [InlineData("float[] pixels = new float[5]; (n > 1 ? ref pixels : ref unknown) = unknown; ")]
    [InlineData("Padded pixels = new float[5]; ")]
    public async Task A_local_that_may_be_another_array_is_not(string before) => Assert.Empty(await Found(before + New("pixels")));

    [Fact]
    public async Task A_property_that_is_set_later()
    {
        string input = "FaceInput input = new(n) { Image = unknown, Mask = unknown, Sr = 1, Any = unknown, AnyShape = [1] };";
        Assert.StartsWith("CLV2016 new float[7]", Assert.Single(await Found(input + " input.Image = new float[7];")));
        Assert.StartsWith("CLV2016 new float[7]", Assert.Single(await Found(input + " input.Mask = new float[7];")));
        Assert.Empty(await Found(input + " input.Mask = new float[18];"));
    }

    [Theory]
    [InlineData("-1", "CLV2017 -1: The dimension 'batch' of 'FaceInput' is -1 here; dimensions are zero or more. The call would end in an exception.")]
    [InlineData("batch: -Two", "CLV2017 -Two: The dimension 'batch' of 'FaceInput' is -2 here; dimensions are zero or more. The call would end in an exception.")]
    [InlineData("1000000000", "CLV2017 1000000000: The dimension 'batch' of 'FaceInput' is 1000000000 here; an input of that size has more elements than an array can hold. The call would end in an exception.")]
    public async Task A_dimension_out_of_range(string dims, string expected) => Assert.Equal([expected], await Found(New(dims: dims)));

    [Fact]
    public async Task One_out_of_range_says_nothing_of_the_others() =>
        Assert.StartsWith("CLV2017 -1: The dimension 'sequence'", Assert.Single(await Found("_ = new PairInput(batch: 2, sequence: -1) { X = unknown };")), StringComparison.Ordinal);

    [Fact]
    public async Task Code_that_is_half_written_is_no_crash()
    {
        Assert.Empty(await Found("_ = new FaceInput() { Image = };", compiles: false));
        Assert.Empty(await Found("_ = new FaceInput(nobody) { Image = new float[] };", compiles: false));
    }
}
