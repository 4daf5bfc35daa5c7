using System.Linq;
using Cleave.Core.Listing;
using Cleave.TestKit.Generation;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>A model without problems beside others: it keeps its class.</summary>
internal static class BesideGood
{
    public static readonly ModelListing Good = Models.Listing([Models.Float("x", 1)], [Models.Float("y", 1)], "models/good.onnx");

    /// <summary>A model that there is no class of, but diagnostics; of these ids, where any are given.</summary>
    public static Generated Refused(ModelListing listing, params string[] ids)
    {
        Generated generated = GeneratorHost.Run(Models.File(listing), Models.File(Good, "good"));
        Assert.NotEmpty(generated.Diagnostics);
        if (ids.Length > 0)
            Assert.Equal(ids, generated.Diagnostics.Select(d => d.Id));
        OnlyGoodRemains(generated);
        return generated;
    }

    public static void OnlyGoodRemains(Generated generated)
    {
        Assert.Equal(["MyApp.GoodRunner.g.cs", "MyApp.GoodRunner.Plan.g.cs"], generated.Hints);
        Compiling.Expect(generated.Compilation.GetDiagnostics(), "The other model's class");
    }
}
