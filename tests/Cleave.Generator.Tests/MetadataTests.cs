using System;
using System.Linq;
using Cleave.Generator.Emit;
using Cleave.TestKit.Generation;
using Microsoft.CodeAnalysis;
using Xunit;
using static Cleave.Generator.Tests.BesideGood;

namespace Cleave.Generator.Tests;

/// <summary>What the metadata of a model's item says, and what of that nobody understands.</summary>
public sealed class MetadataTests
{
    [Theory]
    [InlineData("Namespace", "My App")]
    [InlineData("Namespace", "MyApp..Models")]
    [InlineData("Namespace", "MyApp.class")]
    [InlineData("Namespace", "MyApp.\u202Ex")]
    [InlineData("Namespace", "3d")]
    [InlineData("Namespace", ".")]
    [InlineData("ClassName", "Face Detector")]
    [InlineData("ClassName", "3d")]
    [InlineData("ClassName", "class")]
    [InlineData("ClassName", "A.B")]
    [InlineData("ClassName", "@A")]
    [InlineData("ClassName", "A\u200BB")]
    [InlineData("ClassName", "{ } class Evil")]
    [InlineData("Access", "private")]
    [InlineData("Slicing", "maybe")]
    [InlineData("Slicing", "1")]
    [InlineData("Weights", "Mmap")]
    [InlineData("Weights", "0")]
    [InlineData("Plan", "nonsense")]
    [InlineData("Plan", "1")]
    [InlineData("Dims", "batch")]
    [InlineData("Dims", "batch=")]
    [InlineData("Dims", "=1")]
    [InlineData("Dims", "batch=-1")]
    [InlineData("Dims", "batch=2147483648")]
    [InlineData("Dims", "batch=1,\u202Ex")]
    [InlineData("Validate", "never")]
    [InlineData("Validate", "0")]
    [InlineData("MaxSlowdown", "0")]
    [InlineData("MaxSlowdown", "fast")]
    [InlineData("MaxSlowdown", "-1.1")]
    public void Metadata_that_nobody_understands(string metadata, string value)
    {
        Generated generated = Refused(Models.With(Models.Bert(), metadata, value), "CLV2004");
        Assert.Contains("metadata " + metadata + "=\"" + SafeText.OneLine(value, 300) + "\"", generated.Messages[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("batch", "give a name and a size, as in batch=1,sequence=16, instead of 'batch'")]
    [InlineData("batch=1,rows=2", "no dimension is called 'rows'; there are batch, sequence")]
    [InlineData("batch=1,sequence=2,batch=1", "'batch' is given twice")]
    public void Dimensions_that_cannot_be_planned_for(string dims, string advice) =>
        Assert.Contains(advice, Refused(Models.With(Models.Bert(), "Dims", dims), "CLV2004").Messages[0], StringComparison.Ordinal);

    [Fact]
    public void A_dimension_of_a_model_that_names_none() =>
        Assert.Contains("the model has none with a name", Refused(Models.With(Models.Listing([Models.Float("x", 1)], [Models.Float("y", 1)]), "Dims", "batch=1"), "CLV2004").Messages[0], StringComparison.Ordinal);

    [Fact]
    public void A_split_of_one_session()
    {
        Generated generated = Refused(Models.With(Models.With(Models.Bert(), "Plan", "split"), "Slicing", "false"), "CLV2004");
        Assert.Contains("Plan=\"split\"", generated.Messages[0], StringComparison.Ordinal);
        Assert.Contains("with Slicing=\"false\" there is one session: take one of the two off the item", generated.Messages[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_budget_that_nothing_checks()
    {
        Generated generated = Refused(Models.With(Models.With(Models.Bert(), "MaxSlowdown", "1.1"), "Validate", "False"), "CLV2004");
        Assert.Contains("MaxSlowdown=\"1.1\"; with Validate=\"false\" nothing checks it: take one of the two off the item", generated.Messages[0], StringComparison.Ordinal);
        GeneratorHost.Run(Models.File(Models.With(Models.With(Models.Bert(), "MaxSlowdown", "1.1"), "Validate", "true"))).Compiles();
    }

    [Fact]
    public void A_chain_that_is_to_be_split_is_made_whole_with_a_warning()
    {
        Generated generated = GeneratorHost.Run(Models.File(Models.With(SizeTests.Large(10), "Plan", "Split")));
        Assert.Equal(["CLV2014"], generated.Diagnostics.Select(d => d.Id));
        Assert.Equal(DiagnosticSeverity.Warning, generated.Diagnostics[0].DefaultSeverity);
        Assert.Contains("MyApp.BertRunner.Plan.g.cs", generated.Hints);
        Assert.DoesNotContain("lane.Send(", generated.Source("MyApp.BertRunner.Plan.g.cs"), StringComparison.Ordinal);
        Compiling.Expect(generated.Compilation.GetDiagnostics(), "The class");
    }

    [Fact]
    public void A_class_name_of_101_characters() => Refused(Models.With(Models.Bert(), "ClassName", new string('x', 101)), "CLV2004");

    [Theory]
    [InlineData("Access", "PUBLIC", "public sealed partial class BertRunner")]
    [InlineData("Access", "internal", "internal sealed partial class BertRunner")]
    [InlineData("Slicing", "False", "Slicing = false }")]
    [InlineData("Slicing", "true", "Slicing = true }")]
    [InlineData("Weights", "map", "Weights = global::Cleave.WeightLoading.Map }")]
    [InlineData("Weights", "Auto", "Weights = global::Cleave.WeightLoading.Auto }")]
    [InlineData("Weights", "Copy", "Weights = global::Cleave.WeightLoading.Copy }")]
    [InlineData("Plan", "auto", "Plan = global::Cleave.PlanChoice.Auto }")]
    [InlineData("Plan", "WHOLE", "Plan = global::Cleave.PlanChoice.Whole }")]
    [InlineData("Dims", "sequence=64", "batch=1, sequence=64.")]
    [InlineData("Dims", " batch=0,", "batch=0, sequence=128.")]
    [InlineData("Namespace", "A.B_2.Ç", "namespace A.B_2.Ç\n")]
    [InlineData("ClassName", "Face", "class FaceRunner")]
    [InlineData("ClassName", "_face", "class _faceRunner")]
    public void Metadata_that_is_understood(string metadata, string value, string expected)
    {
        Generated generated = GeneratorHost.Run(Models.File(Models.With(Models.Bert(), metadata, value))).Compiles();
        Assert.Contains(expected, string.Concat(generated.Hints.Select(generated.Source)), StringComparison.Ordinal);
    }
}
