using System;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>A runner of a model without a batch axis knows why there is none, and what helps.</summary>
public class NoBatchTests
{
    private static string Plan(ModelListing listing) => GeneratorHost.Run(Models.File(listing)).Compiles().Source("MyApp.BertRunner.Plan.g.cs");

    [Fact]
    public void A_fixed_first_dimension_can_be_freed() => Assert.Contains(
        "NoBatch = \"no dimension of the input 'x' has a name; where the first dimension is the batch, cleave fix --dynamic-batch frees it\",",
        Plan(Models.Listing([Models.Float("x", 1, 3)], [Models.Float("y", 1, 3)])), StringComparison.Ordinal);

    [Fact]
    public void Where_no_rewrite_helps_that_is_said() => Assert.Contains(
        "NoBatch = \"the input 'z' does not have the dimension 'batch' exactly once; cleave fix does not change that: its --dynamic-batch frees first dimensions that are fixed numbers\",",
        Plan(Models.Listing([Models.Float("x", "batch", 3), Models.Float("z", "other", 3)], [Models.Float("y", "batch", 3)])), StringComparison.Ordinal);

    [Fact]
    public void Names_are_on_one_line_and_short()
    {
        string plan = Plan(Models.Listing([Models.Float("a\n\u202E\"; evil" + new string('x', 1000), 3)], [Models.Float("y", 3)]));
        string line = Assert.Single(plan.Split('\n'), static l => l.Contains("NoBatch", StringComparison.Ordinal));
        Assert.Contains("'a \\uFFFD\\\"; evilxxx", line, StringComparison.Ordinal);
        Assert.InRange(line.Length, 200, 400);
    }

    [Fact]
    public void One_that_has_an_axis_says_nothing()
    {
        string plan = Plan(Models.Listing(new OnnxModel
        {
            IrVersion = 8,
            Opsets = [new OpsetImport("", 17)],
            Graph = new OnnxGraph
            {
                Inputs = [Models.Float("x", "batch", 3)],
                Outputs = [Models.Float("y", "batch", 3)],
                Nodes = [new Node("", "Relu", "", ["x"], ["y"], [])],
            },
        }));
        Assert.DoesNotContain("NoBatch", plan, StringComparison.Ordinal);
        Assert.Contains("Batch = new(\"batch\"", plan, StringComparison.Ordinal);
    }
}
