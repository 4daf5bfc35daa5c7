using System;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.TestKit.Generation;
using Microsoft.CodeAnalysis;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>Models against the ONNX Runtime that the project resolved.</summary>
public class ReleaseTests
{
    private static readonly ModelListing Newer = Models.Listing(new OnnxModel
    {
        IrVersion = 8,
        Opsets = [new OpsetImport("", 99)],
        Graph = new OnnxGraph { Inputs = [Models.Float("x", 1)], Outputs = [Models.Float("y", 1)], Nodes = [new Node("", "Relu", "", ["x"], ["y"], [])] },
    });

    private static Generated Run(string version, params BuildFile[] files) => GeneratorHost.Run(
        new RunnerGenerator(), new BuildOptions(("RootNamespace", "MyApp"), ("ProjectDir", "/project/"), ("CleaveOnnxRuntime", version)), [], files);

    [Fact]
    public void What_it_does_not_load_is_an_error_at_the_model_and_keeps_the_class()
    {
        Generated generated = Run("1.30.0", Models.File(Newer));
        Diagnostic diagnostic = Assert.Single(generated.Diagnostics);
        Assert.Equal(("CLV1018", DiagnosticSeverity.Error), (diagnostic.Id, diagnostic.Severity));
        Assert.Equal("/project/models/bert.onnx", diagnostic.Location.GetLineSpan().Path);
        Assert.Contains("'models/bert.onnx'", Assert.Single(generated.Messages), StringComparison.Ordinal);
        Assert.Contains("MyApp.BertRunner.g.cs", generated.Hints);
    }

    [Fact]
    public void A_release_without_a_table_is_one_note_for_the_project()
    {
        ModelListing other = Newer with { Options = Newer.Options with { Source = "models/another.onnx" } };
        Generated generated = Run("9.9.0", Models.File(Newer), Models.File(other, "other"));
        Diagnostic diagnostic = Assert.Single(generated.Diagnostics);
        Assert.Equal(("CLV1024", DiagnosticSeverity.Info), (diagnostic.Id, diagnostic.Severity));
        Assert.Equal("/project/models/another.onnx", diagnostic.Location.GetLineSpan().Path);
    }

    [Theory]
    [InlineData("1.28.2")]
    [InlineData("1.9.0")]
    [InlineData("0.9.1-preview")]
    public void A_release_that_is_too_old_is_an_error_of_the_project_and_keeps_the_class(string version)
    {
        ModelListing other = Models.Bert("models/another.onnx");
        Generated generated = Run(version, Models.File(Models.Bert()), Models.File(other, "other"));
        Diagnostic diagnostic = Assert.Single(generated.Diagnostics);
        Assert.Equal(("CLV1027", DiagnosticSeverity.Error), (diagnostic.Id, diagnostic.Severity));
        Assert.Contains("need ONNX Runtime 1.29 or later, and the project resolves " + version, Assert.Single(generated.Messages), StringComparison.Ordinal);
        Assert.Contains("MyApp.BertRunner.g.cs", generated.Hints);
    }

    [Theory]
    [InlineData("1.24.4 1.30.0 1.9.0")]
    [InlineData("1.30.0 1.24.4")]
    public void Of_several_packages_the_highest_release_counts(string versions) =>
        Assert.Contains("ONNX Runtime 1.30", Assert.Single(Run(versions, Models.File(Newer)).Messages), StringComparison.Ordinal);

    [Fact]
    public void Without_a_resolved_package_nothing_is_said() => Assert.Empty(Run("", Models.File(Newer)).Diagnostics);

    [Fact]
    public void What_the_build_found_beside_the_model_keeps_the_class()
    {
        ModelListing broken = Models.Bert() with { Problems = [new Problem(Rules.ContractBroken, "bert.onnx.contract.txt", "- a; + b")] };
        Generated generated = Run("1.30.0", Models.File(broken));
        Assert.Equal("CLV1022", Assert.Single(generated.Diagnostics).Id);
        Assert.Contains("MyApp.BertRunner.g.cs", generated.Hints);
    }
}
