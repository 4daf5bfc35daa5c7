using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Generator;
using Cleave.TestKit;
using Cleave.TestKit.Generation;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;
using Xunit.Abstractions;

namespace Cleave.Models.Tests;

/// <summary>About a thousand small models with every operator, element type and kind of value: each yields a class or an error, and all the classes compile together.</summary>
public sealed class NodeModelTests(ITestOutputHelper output)
{
    // What may be wrong with a sound model: it has something a typed runner cannot have.
    private static readonly HashSet<string> Expected =
        [.. new[] { Rules.NotATensor, Rules.ElementTypeNotSupported, Rules.NoOutputs }.Select(r => r.Id)];

    [SkippableFact]
    public void Each_node_model_yields_a_class_or_an_error()
    {
        Skip.If(NodeModels.All.Count == 0, NodeModels.WhySkipped);
        AdditionalText[] listings = [.. NodeModels.All.Select(Listing)];
        CSharpGeneratorDriver
            .Create([new RunnerGenerator().AsSourceGenerator()], listings, Compiling.CSharp12, new BuildOptions(("RootNamespace", "Nodes")))
            .RunGeneratorsAndUpdateCompilation(Compiling.Project(), out Compilation compilation, out ImmutableArray<Diagnostic> reported);

        Compiling.Expect(reported.Where(d => !Expected.Contains(d.Id)), "The generator reported");
        Compiling.Expect(compilation.GetDiagnostics(), "The generated code does not compile");
        string[] refused = [.. reported.Select(d => Path.GetFileName(Path.GetDirectoryName(d.Location.GetLineSpan().Path))!).Distinct()];
        int made = 0;
        for (int i = 0; i < NodeModels.All.Count; i++)
        {
            bool hasClass = compilation.GetTypeByMetadataName("Nodes." + ClassName(i) + "Runner") is not null;
            made += hasClass ? 1 : 0;
            Assert.True(hasClass != refused.Contains(Place(i)), NodeModels.All[i]);
        }
        output.WriteLine(FormattableString.Invariant($"{made} classes, {refused.Length} errors"));
        Assert.True(made > 900);
    }

    private static BuildFile Listing(string path, int index)
    {
        ListingOptions options = new() { Source = Place(index) + "/model.onnx", Path = "models/model.onnx", ClassName = ClassName(index) };
        return new BuildFile(Place(index) + ".graph", Compiling.Text(ModelLister.List(path, options, CancellationToken.None)));
    }

    private static string ClassName(int index) => "Node" + index.ToString(CultureInfo.InvariantCulture);

    private static string Place(int index) => "node" + index.ToString(CultureInfo.InvariantCulture);
}
