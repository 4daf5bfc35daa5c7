using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Cleave.Runtime.Tests;

/// <summary>Options that are bound from configuration: its binder also calls setters with what getters gave, and fills the objects that it finds in place.</summary>
public sealed class BoundOptionsTests
{
    [Fact]
    public void What_configuration_does_not_name_stays_as_the_item_says()
    {
        RunnerOptions item = new()
        {
            Weights = WeightLoading.Map,
            Slicing = false,
            Plan = PlanChoice.Whole,
            Hint = RunnerHint.Throughput,
            Batching = new BatchingOptions { Choice = BatchingChoice.On, MaxSize = 7 },
            Parts = new PartsOptions { Merging = false },
            Dividing = DividingChoice.On,
            Deterministic = true,
            Strict = true,
            AllowSaturation = true,
            Precision = PrecisionChoice.Widened,
            Pinning = true,
            Prepared = "a folder",
            PreparedTrustGroup = true,
            Device = new DeviceOptions { Policy = DevicePolicy.Require, MemoryLimit = 5 },
            MaxMemory = 3,
        };
        RunnerOptions both = Bound(new RunnerOptions(), ("Cores", "4")).Over(item);
        Assert.Equal(4, both.Cores);
        both.Cores = null;
        foreach (PropertyInfo property in typeof(RunnerOptions).GetProperties())
            Assert.Equal((property.Name, property.GetValue(item)), (property.Name, property.GetValue(both)));
    }

    [Fact]
    public void What_configuration_does_not_name_stays_unset()
    {
        RunnerOptions bound = Bound(new RunnerOptions(), ("Cores", "4"));
        Assert.Equal(4, bound.Cores);
        bound.Cores = null;
        foreach (PropertyInfo property in typeof(RunnerOptions).GetProperties())
            Assert.Equal((property.Name, null), (property.Name, property.GetValue(bound)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Sizes_of_one_runner_are_no_other_ones(bool set)
    {
        RunnerOptions options = set ? new() { Batching = BatchingOptions.Auto, Parts = PartsOptions.Default, Device = DeviceOptions.Prefer } : new();
        Bound(options, ("Batching:MaxWaiting", "5"), ("Batching:Delay", "00:00:00.002"), ("Parts:Merging", "false"), ("Device:MemoryLimit", "512"));
        Assert.Equal(BatchingOptions.Auto with { MaxWaiting = 5, Delay = TimeSpan.FromMilliseconds(2) }, options.Batching);
        Assert.Equal(new PartsOptions { Merging = false }, options.Parts);
        Assert.Equal(512, options.Device!.MemoryLimit);

        Assert.Equal((1024, true, null), (BatchingOptions.Auto.MaxWaiting, PartsOptions.Default.Merging, DeviceOptions.Prefer.MemoryLimit));
        Assert.Equal((new BatchingOptions(), new PartsOptions()), (BatchingOptions.Auto, PartsOptions.Default));
    }

    [Fact]
    public void Sizes_of_one_ensemble_are_no_other_ones()
    {
        EnsembleOptions options = new();
        Configuration(("Devices:MemoryLimit", "512")).Bind(options);
        Assert.Equal(512, options.Devices.MemoryLimit);
        Assert.Null(new EnsembleOptions().Devices.MemoryLimit);
        Assert.Null(DeviceOptions.Prefer.MemoryLimit);
    }

    [Fact]
    public void A_limit_of_the_device_leaves_its_policy_to_the_item()
    {
        RunnerOptions item = new() { Device = DeviceOptions.Never };
        Assert.Equal(DeviceOptions.Never with { MemoryLimit = 512 }, Bound(new RunnerOptions(), ("Device:MemoryLimit", "512")).Over(item).Device);
    }

    [Fact]
    public void A_word_is_what_the_item_means_by_it()
    {
        RunnerOptions options = Bound(new RunnerOptions(), ("Batching", "On"), ("Device", "never"), ("Hint", "Throughput"));
        Assert.Equal((BatchingOptions.On, DeviceOptions.Never, RunnerHint.Throughput), (options.Batching, options.Device, options.Hint));
    }

    [Theory]
    [InlineData("Batching", "Onn")]
    [InlineData("Batching", "7")]
    [InlineData("Device", "")]
    [InlineData("Cores", "0")]
    public void What_cannot_be_understood_is_refused(string key, string value)
    {
        Exception e = Assert.ThrowsAny<Exception>(() => Bound(new RunnerOptions(), (key, value)));
        Assert.Contains(key, e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Assigning_what_was_not_set_sets_nothing()
    {
        RunnerOptions unset = new(), options = new();
        foreach (PropertyInfo property in typeof(RunnerOptions).GetProperties())
            property.SetValue(options, property.GetValue(unset));
        RunnerOptions item = new() { Hint = RunnerHint.Background, Slicing = false, Batching = BatchingOptions.On };
        RunnerOptions both = options.Over(item);
        Assert.Equal((item.Hint, item.Slicing, item.Batching), (both.Hint, both.Slicing, both.Batching));
    }

    private static RunnerOptions Bound(RunnerOptions options, params (string Key, string Value)[] settings)
    {
        Configuration(settings).Bind(options);
        return options;
    }

    private static IConfigurationRoot Configuration(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>(s.Key, s.Value))).Build();
}
