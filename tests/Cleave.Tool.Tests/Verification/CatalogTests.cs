using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Passes.Partitions;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Xunit;

namespace Cleave.Tool.Tests.Verification;

/// <summary>Every model at hand, cut a few times; the benchmark cuts them twenty times each way.</summary>
public sealed class CatalogTests
{
    public static IEnumerable<object[]> Models() => ModelCatalog.All.Where(m => !m.IsBig && !m.HasConstantWeights).Select(m => new object[] { m.Name });

    [Theory]
    [MemberData(nameof(Models))]
    public void However_a_model_is_split_it_gives_the_same(string name)
    {
        CatalogModel catalog = ModelCatalog.Get(name);
        using TempFolder folder = new();
        using ModelUnderTest model = new(catalog.Write(folder.Path));
        VerifyOptions options = CatalogOptions.For(catalog) with { Partitions = 2, Audit = false };
        VerifyReport report = new Verifier(model, options with { Samples = [options.Samples[0]] }, static (_, _) => { }, default).Run();
        Assert.Empty(report.Failures);
        Assert.All(report.Outputs, o => Assert.True(o.Unoptimised.SameBits, o.Output));
        // Each cut rounds to 16 bits what the whole model keeps in 32 (docs/verify.md).
        Assert.Equal(catalog.Arithmetic == Arithmetic.Float16, report.Notes.Any(n => n.Contains("rounds at cuts", StringComparison.Ordinal)));
        Assert.DoesNotContain(report.Notes, n => n.Contains("bit by bit", StringComparison.Ordinal));
        // Where there is something to cut, something was.
        Assert.Equal(CutUnits.OfNodes(model.Graph).Count > 1 || report.Nodes <= 1 ? Verdict.Equal : Verdict.NothingSplit, report.Verdict);
    }
}
