using System;
using System.Linq;
using Cleave.Core.Graph;
using Microsoft.CodeAnalysis;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>What the doc comment of <c>CreateCall</c> promises.</summary>
public sealed class CallDocTests
{
    private const string Promise = "copies and allocates nothing";

    [Fact]
    public void Where_all_shapes_are_known_a_call_allocates_nothing()
    {
        string doc = Doc([Models.Float("x", "batch", 3)], [Models.Float("y", "batch", 4)]);
        Assert.Contains(Promise, doc, StringComparison.Ordinal);
        Assert.Contains("<exception cref=\"T:System.ArgumentException\">", doc, StringComparison.Ordinal);
        Assert.Contains("<exception cref=\"T:System.ObjectDisposedException\">", doc, StringComparison.Ordinal);
        Assert.Contains("<returns>", doc, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_dimensions_none_can_be_wrong() =>
        Assert.DoesNotContain("ArgumentException", Doc([Models.Float("x", 3)], [Models.Float("y", 4)]), StringComparison.Ordinal);

    [Fact]
    public void Strings_are_allocated()
    {
        Assert.DoesNotContain(Promise, Doc([Models.Tensor("x", ElementType.String, 3)], [Models.Float("y", 3)]), StringComparison.Ordinal);
        Assert.DoesNotContain(Promise, Doc([Models.Float("x", 3)], [Models.Tensor("y", ElementType.String, 3)]), StringComparison.Ordinal);
    }

    [Fact]
    public void So_are_outputs_of_any_shape()
    {
        Assert.DoesNotContain(Promise, Doc([Models.Float("x", 3)], [Models.AnyShape("y")]), StringComparison.Ordinal);
        Assert.DoesNotContain(Promise, Doc([Models.Float("x", 3)], [Models.Float("y", "found", 4)]), StringComparison.Ordinal);
    }

    private static string Doc(ValueInfo[] inputs, ValueInfo[] outputs) =>
        GeneratorHost.Run(Models.File(Models.Listing(inputs, outputs))).Compiles().Type("MyApp.BertRunner").GetMembers("CreateCall").Single().GetDocumentationCommentXml()!;
}
