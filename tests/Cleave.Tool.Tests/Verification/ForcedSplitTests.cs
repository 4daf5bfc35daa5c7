using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Passes.Partitions;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Planning;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Xunit;

namespace Cleave.Tool.Tests.Verification;

/// <summary>Planned splits, whether or not they pay, give what the whole model gives.</summary>
public sealed class ForcedSplitTests
{
    [Theory]
    [InlineData("random_dag_200", true)]
    [InlineData("integers", true)]
    [InlineData("nasnet_small", false)]
    [InlineData("bert_tiny_qdq", false)]
    [InlineData("lstm_bidirectional", false)]
    public void A_split_that_is_asked_for_gives_the_same(string name, bool hasClones)
    {
        CatalogModel catalog = ModelCatalog.Get(name);
        using TempFolder folder = new();
        using ModelUnderTest model = new(catalog.Write(folder.Path));
        VerifyOptions options = CatalogOptions.For(catalog);
        using References references = new(model, 1);
        PartitionCheck check = new(model, 1, [references.Run(new InputMaker(model.Graph, options.Fills).Make(options.Samples[0], 1))]);
        (int Cores, Partition Partition, IReadOnlyList<RecurrentSplit> Splits)[] plans = [.. BakedPlans.Of(model.Graph, DeviceTables.Find(DeviceTables.Avx2)!, new PlanOptions { Mode = PlanMode.Split, Cores = [2, 4, 8] })];

        Assert.NotEmpty(plans);
        foreach ((int cores, Partition partition, IReadOnlyList<RecurrentSplit> _) in plans)
            Assert.All(check.Run("plan", (ulong)cores, partition, audit: false).Unoptimised.Values, d => Assert.True(d.SameBits));
        Assert.Empty(check.Failures);
        Assert.Equal(hasClones, plans.Any(p => p.Partition.Segments.Any(s => s.Cloned.Length > 0)));
    }
}
