using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Placement;
using Cleave.Generator.Model;
using Cleave.TestKit.Synthetic;
using Google.Protobuf;
using Xunit;

namespace Cleave.Generator.Tests;

/// <summary>Item metadata that asks for an accelerator.</summary>
public sealed class AcceleratorTests
{
    [Fact]
    public void All_of_it_is_read()
    {
        AcceleratorOptions options = Read([], ("Accelerator", "cuda"), ("Objective", "gpumemory"), ("Deadline", "20ms"), ("GpuMemory", "512MB"))!;
        Assert.Equal(new AcceleratorOptions("cuda", new PlacementRequest(PlacementObjective.Memory, 20e6, 512 << 20)), options);
        Assert.Equal(new PlacementRequest(PlacementObjective.Latency), Read([], ("Accelerator", "Cuda"))!.Request);
        Assert.Null(Read([]));
    }

    [Theory]
    [InlineData("Accelerator", "Tpu", "use Cuda")]
    [InlineData("Objective", "Speed", "use Latency or GpuMemory")]
    [InlineData("Deadline", "20", "use a time up to a day, such as 20ms, 500us or 1s")]
    [InlineData("Deadline", "0ms", "use a time up to a day, such as 20ms, 500us or 1s")]
    public void What_cannot_be_understood_is_refused_with_advice(string metadata, string value, string advice)
    {
        List<Problem> problems = [];
        KeyValuePair<string, string>[] settings = metadata == "Accelerator" ? [new(metadata, value)] : [new("Accelerator", "Cuda"), new(metadata, value)];
        Assert.Null(AcceleratorOptions.Read(new ListingOptions { Settings = settings }, slicing: null, problems));
        Problem problem = Assert.Single(problems);
        Assert.Equal("CLV2004", problem.Rule.Id);
        Assert.Contains(advice, string.Join(" ", problem.Arguments), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Objective", "Latency")]
    [InlineData("Deadline", "5ms")]
    [InlineData("GpuMemory", "1GB")]
    [InlineData("DevicePolicy", "Require")]
    public void Without_an_accelerator_the_rest_means_nothing(string metadata, string value)
    {
        List<Problem> problems = [];
        Assert.Null(Read(problems, (metadata, value)));
        Assert.Contains("set Accelerator=\"Cuda\", too", string.Join(" ", Assert.Single(problems).Arguments), StringComparison.Ordinal);
    }

    [Fact]
    public void Slicing_must_be_allowed()
    {
        List<Problem> problems = [];
        Assert.Null(AcceleratorOptions.Read(new ListingOptions { Settings = [new("Accelerator", "Cuda")] }, slicing: false, problems));
        Assert.Contains("Slicing", string.Join(" ", Assert.Single(problems).Arguments), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GpuMemory", "512MB", "MemoryLimit", "536870912")]
    [InlineData("DevicePolicy", "require", "Policy", "Require")]
    public void What_the_running_application_uses_becomes_its_options(string metadata, string value, string property, string expected)
    {
        List<Problem> problems = [];
        SettingSpec setting = Assert.Single(SettingReader.Read(new ListingOptions { Settings = [new("Accelerator", "Cuda"), new(metadata, value)] }, problems));
        Assert.Empty(problems);
        Assert.Equal(("Device", property, expected), (setting.Owner, setting.Property, setting.Value));
    }

    [Fact]
    public void A_model_that_is_too_small_stays_on_the_CPU_with_a_warning()
    {
        List<Problem> problems = [];
        Assert.Null(AcceleratorPlanner.Plan(Planned(new Recurrent("LSTM", 1, 16, 4)), new("cuda", new PlacementRequest(PlacementObjective.Latency)), AcceleratorProfiles.Default, problems));
        Assert.Equal("CLV2018", Assert.Single(problems).Rule.Id);
    }

    [Fact]
    public void A_deadline_that_nothing_meets_is_reported_where_the_device_was_measured()
    {
        PlannedModel model = Planned(new Recurrent("LSTM", 2, 256, 32));
        AcceleratorOptions options = new("cuda", new PlacementRequest(PlacementObjective.Memory, Deadline: 1000));
        List<Problem> problems = [];
        Assert.NotNull(AcceleratorPlanner.Plan(model, options, AcceleratorProfiles.Default, problems));
        Assert.Empty(problems);
        Assert.NotNull(AcceleratorPlanner.Plan(model, options, Measured(), problems));
        Problem problem = Assert.Single(problems);
        Assert.Equal("CLV2019", problem.Rule.Id);
        Assert.Equal("a measured one", problem.Arguments[^1]);
    }

    [Fact]
    public void Where_the_CPU_alone_is_in_time_nothing_of_the_accelerator_is_taken()
    {
        PlannedModel model = Planned(new Recurrent("GRU", 4, 256, 64));
        double twoLanes = model.Table.Rows.Where(r => r.Cores <= 2).Min(r => r.Chosen.Nanoseconds);
        foreach (double deadline in new[] { twoLanes, twoLanes * 1.5 })
        {
            List<Problem> problems = [];
            Assert.Null(AcceleratorPlanner.Plan(model, new("cuda", new PlacementRequest(PlacementObjective.Memory, deadline)), AcceleratorProfiles.Default, problems));
            Problem problem = Assert.Single(problems);
            Assert.Equal(("CLV2018", "the CPU alone is predicted to be in time"), (problem.Rule.Id, problem.Arguments[^1]));
        }
        Assert.NotNull(AcceleratorPlanner.Plan(model, new("cuda", new PlacementRequest(PlacementObjective.Memory, twoLanes * 0.9)), AcceleratorProfiles.Default, []));
    }

    [Fact]
    public void With_more_cores_the_CPU_alone_may_do_as_well()
    {
        PlannedModel model = Planned(new Recurrent("GRU", 2, 256, 32), bothWays: true);
        AcceleratorOptions options = new("cuda", new PlacementRequest(PlacementObjective.Latency));
        PlacedRun run = AcceleratorPlanner.Plan(model, options, AcceleratorProfiles.Default, [])!.Run;
        int from = Assert.NotNull(AcceleratorPlanner.CoresInstead(model, options.Request, run));
        Assert.Contains(model.Table.Rows, r => r.Cores < from);
        Assert.All(model.Table.Rows, r => Assert.Equal(r.Cores >= from, r.Chosen.Nanoseconds <= run.Nanoseconds * 1.02));
    }

    [Fact]
    public void Planning_can_be_cancelled()
    {
        PlannedModel model = Planned(new Recurrent("LSTM", 2, 256, 32));
        AcceleratorOptions options = new("cuda", new PlacementRequest(PlacementObjective.Latency));
        Assert.Throws<OperationCanceledException>(() => AcceleratorPlanner.Plan(model, options, AcceleratorProfiles.Default, [], new CancellationToken(canceled: true)));
    }

    [Fact]
    public void What_the_listing_says_was_measured_is_planned_with()
    {
        string[] measured = [.. AcceleratorProfileText.Lines(Measured())];
        Generated generated = Generated(measured);
        Assert.Contains("CLV2019", string.Join("\n", generated.Messages), StringComparison.Ordinal);
        Assert.Contains("a measured one (measured)", string.Concat(generated.Hints.Select(generated.Source)), StringComparison.Ordinal);
        Assert.DoesNotContain("CLV2019", string.Join("\n", Generated([]).Messages), StringComparison.Ordinal);
        Assert.Contains("the accelerator's profile: line 1", string.Join("\n", Generated(["nothing"]).Messages), StringComparison.Ordinal);
    }

    private static Generated Generated(string[] profile)
    {
        ModelListing listing = Models.Listing(ModelReader.Read(ByteSource.FromBytes(new Recurrent("LSTM", 2, 256, 32).Stacked().ToByteArray()), default), "models/lstm.onnx");
        return GeneratorHost.Run(Models.File(listing with
        {
            Options = listing.Options with { Settings = [new("Accelerator", "Cuda"), new("Objective", "GpuMemory"), new("Deadline", "1us")], Accelerator = profile },
        }));
    }

    private static AcceleratorProfile Measured()
    {
        AcceleratorProfile known = AcceleratorProfiles.Default;
        return new AcceleratorProfile
        {
            Name = "a measured one",
            Source = "measured by a test",
            Kernel = known.Kernel,
            Arithmetic = known.Arithmetic,
            Bandwidth = known.Bandwidth,
            Cache = known.Cache,
            CacheBandwidth = known.CacheBandwidth,
            StepKernels = known.StepKernels,
            ToDeviceLatency = known.ToDeviceLatency,
            ToDeviceBandwidth = known.ToDeviceBandwidth,
            ToHostLatency = known.ToHostLatency,
            ToHostBandwidth = known.ToHostBandwidth,
            Launch = known.Launch,
            Memory = known.Memory,
        };
    }

    private static PlannedModel Planned(Recurrent model, bool bothWays = false)
    {
        OnnxModel read = ModelReader.Read(ByteSource.FromBytes((bothWays ? model.Bidirectional() : model.Stacked()).ToByteArray()), default);
        return ModelPlanner.Plan(read, null, bothWays ? PlanMode.Auto : PlanMode.Whole, "", [])!;
    }

    private static AcceleratorOptions? Read(List<Problem> problems, params (string Key, string Value)[] settings)
    {
        AcceleratorOptions? options = AcceleratorOptions.Read(
            new ListingOptions { Settings = [.. settings.Select(s => new KeyValuePair<string, string>(s.Key, s.Value))] }, slicing: null, problems);
        Assert.True(options != null || problems.Count > 0 || settings.Length == 0);
        return options;
    }
}
