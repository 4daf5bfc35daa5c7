using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Generator.Model;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>Item metadata that sets properties of <c>RunnerOptions</c>.</summary>
public sealed class SettingTests
{
    [Theory]
    [InlineData("Cores", "4", "Cores = 4")]
    [InlineData("Hint", "throughput", "Hint = global::Cleave.RunnerHint.Throughput")]
    [InlineData("MaxMemory", "512MB", "MaxMemory = 536870912L")]
    [InlineData("MaxMemory", "2 gb", "MaxMemory = 2147483648L")]
    [InlineData("MaxMemory", "1000", "MaxMemory = 1000L")]
    [InlineData("Deterministic", "True", "Deterministic = true")]
    [InlineData("AllowSaturation", "true", "AllowSaturation = true")]
    [InlineData("Strict", "true", "Strict = true")]
    [InlineData("Pinning", "false", "Pinning = false")]
    [InlineData("Precision", "aspublished", "Precision = global::Cleave.PrecisionChoice.AsPublished")]
    [InlineData("Dividing", "Off", "Dividing = global::Cleave.DividingChoice.Off")]
    [InlineData("Batching", "on", "Batching = new global::Cleave.BatchingOptions { Choice = global::Cleave.BatchingChoice.On }")]
    [InlineData("BatchSize", "16", "Batching = new global::Cleave.BatchingOptions { MaxSize = 16 }")]
    [InlineData("BatchDelay", "1.5ms", "Batching = new global::Cleave.BatchingOptions { Delay = global::System.TimeSpan.FromTicks(15000) }")]
    [InlineData("BatchDelay", "500us", "Batching = new global::Cleave.BatchingOptions { Delay = global::System.TimeSpan.FromTicks(5000) }")]
    [InlineData("BatchDelay", "0s", "Batching = new global::Cleave.BatchingOptions { Delay = global::System.TimeSpan.FromTicks(0) }")]
    [InlineData("BatchWaiting", "9", "Batching = new global::Cleave.BatchingOptions { MaxWaiting = 9 }")]
    [InlineData("BatchFull", "Reject", "Batching = new global::Cleave.BatchingOptions { WhenFull = global::Cleave.FullQueue.Reject }")]
    [InlineData("PartPolicy", "One", "Parts = new global::Cleave.PartsOptions { Policy = global::Cleave.PartPolicy.One }")]
    [InlineData("PartWeights", "Measured", "Parts = new global::Cleave.PartsOptions { Weights = global::Cleave.PartWeights.Measured }")]
    [InlineData("PartMerging", "false", "Parts = new global::Cleave.PartsOptions { Merging = false }")]
    [InlineData("Prepared", "pre pared\\ü", "Prepared = \"pre pared\\\\\\u00FC\"")]
    [InlineData("PreparedTrustGroup", "true", "PreparedTrustGroup = true")]
    public void Is_set_in_generated_code(string metadata, string value, string expected) =>
        Assert.Contains(" Options = new global::Cleave.RunnerOptions { " + expected + " },\n", Plan((metadata, value)), StringComparison.Ordinal);

    [Fact]
    public void Those_of_one_kind_stand_together() => Assert.Contains(
        "Options = new global::Cleave.RunnerOptions { Hint = global::Cleave.RunnerHint.Background, "
            + "Batching = new global::Cleave.BatchingOptions { Choice = global::Cleave.BatchingChoice.On, MaxSize = 8 }, "
            + "Parts = new global::Cleave.PartsOptions { Policy = global::Cleave.PartPolicy.Equal, Merging = false } },",
        Plan(("Hint", "Background"), ("Batching", "On"), ("BatchSize", "8"), ("PartPolicy", "Equal"), ("PartMerging", "false")), StringComparison.Ordinal);

    [Theory]
    [InlineData("Cores", "0", "use a number of cores, 1 or more")]
    [InlineData("Cores", "-1", "use a number of cores, 1 or more")]
    [InlineData("Cores", "99999999999", "use a number of cores, 1 or more")]
    [InlineData("Hint", "Fast", "use Latency, Throughput or Background")]
    [InlineData("MaxMemory", "2TB", "use a size such as 512MB or 2GB, or a number of bytes")]
    [InlineData("MaxMemory", "99999999999GB", "use a size such as 512MB or 2GB, or a number of bytes")]
    [InlineData("Deterministic", "yes", "use true or false")]
    [InlineData("Precision", "fp16", "use Auto, AsPublished or Widened")]
    [InlineData("Dividing", "1", "use Auto, On or Off")]
    [InlineData("BatchSize", "1", "use the most samples in a batch, 2 or more")]
    [InlineData("BatchDelay", "5", "use a time up to a day, such as 2ms, 500us or 1s")]
    [InlineData("BatchDelay", "1e3ms", "use a time up to a day, such as 2ms, 500us or 1s")]
    [InlineData("BatchDelay", "-2ms", "use a time up to a day, such as 2ms, 500us or 1s")]
    [InlineData("BatchDelay", "86401s", "use a time up to a day, such as 2ms, 500us or 1s")]
    [InlineData("BatchFull", "Drop", "use Wait or Reject")]
    [InlineData("PartPolicy", "Fair\"; //", "use EarliestFinish, Proportional, Equal or One")]
    [InlineData("Prepared", "a\"; //", "name a folder, with none of <>\"|?*")]
    [InlineData("Prepared", " ", "name a folder, with none of <>\"|?*")]
    [InlineData("Unheard", "1", "take it off the item")]
    public void Is_refused_with_advice(string metadata, string value, string advice)
    {
        List<Problem> problems = [];
        Assert.Empty(SettingReader.Read(new ListingOptions { Settings = [new(metadata, value)] }, problems));
        Problem problem = Assert.Single(problems);
        Assert.Equal("CLV2004", problem.Rule.Id);
        Assert.Equal([metadata, value, advice], problem.Arguments);
    }

    [Fact]
    public void Each_name_has_a_meaning()
    {
        foreach (string name in RunnerSettings.Names)
        {
            List<Problem> problems = [];
            ListingOptions options = new() { Settings = name == "Accelerator" ? [new(name, "?")] : [new("Accelerator", "Cuda"), new(name, "?")] };
            SettingReader.Read(options, problems);
            // Some are for planning alone.
            if (problems.Count == 0)
                AcceleratorOptions.Read(options, slicing: null, problems);
            Assert.NotEqual("take it off the item", Assert.Single(problems).Arguments[2]);
        }
    }

    [Theory]
    [InlineData(typeof(RunnerHint), "Hint")]
    [InlineData(typeof(DividingChoice), "Dividing")]
    [InlineData(typeof(PrecisionChoice), "Precision")]
    [InlineData(typeof(BatchingChoice), "Batching")]
    [InlineData(typeof(FullQueue), "BatchFull")]
    [InlineData(typeof(PartPolicy), "PartPolicy")]
    [InlineData(typeof(PartWeights), "PartWeights")]
    public void Every_member_of_an_enumeration_can_be_written(Type type, string metadata)
    {
        foreach (string name in Enum.GetNames(type))
        {
            List<Problem> problems = [];
            SettingSpec setting = Assert.Single(SettingReader.Read(new ListingOptions { Settings = [new(metadata, name)] }, problems));
            Assert.Equal((type.Name, name), (setting.Type, setting.Value));
            Assert.Empty(problems);
        }
    }

    private static string Plan(params (string Name, string Value)[] settings)
    {
        ModelListing listing = Models.Bert();
        listing = listing with { Options = listing.Options with { Settings = [.. settings.Select(s => new KeyValuePair<string, string>(s.Name, s.Value))] } };
        return GeneratorHost.Run(Models.File(listing)).Compiles().Source("MyApp.BertRunner.Plan.g.cs");
    }
}
