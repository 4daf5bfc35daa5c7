using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Passes.Partitions;
using Cleave.Core.Schedule;
using Cleave.OnnxProto;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Running;
using Cleave.Tool.Verification;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Tool.Tests.Verification;

/// <summary>A partition that is wrong is caught, and said where.</summary>
public sealed class MutatedPartitionTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ModelUnderTest _model;
    private readonly ReferenceCase _reference;
    private readonly PartitionCheck _check;
    private readonly Partition _partition;

    public MutatedPartitionTests()
    {
        _model = new ModelUnderTest(ModelCatalog.Get("residual").Write(_folder.Path));
        InputMaker maker = new(_model.Graph, new Dictionary<string, double>());
        using References references = new(_model, 1);
        _reference = references.Run(maker.Make(DimensionSample.Parse("batch=2"), 1));
        _check = new PartitionCheck(_model, 1, [_reference]);
        // Conv Relu | Conv Relu | Conv Add Relu …: the values have one shape, so swapping the two that the last part reads runs.
        _partition = CutAt(_model, 2, 4);
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_partition_itself_is_right()
    {
        PartitionReport report = _check.Run("test", 3, _partition, audit: false);
        Assert.Empty(_check.Failures);
        Assert.Equal(3, report.Segments);
        Assert.All(report.Unoptimised.Values, d => Assert.True(d.SameBits));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_swapped_read_is_caught(bool optimised)
    {
        List<SegmentRequest> requests = _check.Requests(_partition);
        GraphOptimizationLevel level = optimised ? GraphOptimizationLevel.ORT_ENABLE_ALL : GraphOptimizationLevel.ORT_DISABLE_ALL;
        using SessionChain right = SessionChain.Of(_model, requests, new SessionRequest(level, 1));
        ChainLink[] links = [.. right.Links];
        ChainLink last = links[2];
        Assert.Equal(2, last.Reads.Count);
        links[2] = last with { Reads = [last.Reads[1], last.Reads[0]] };
        // Its sessions are those of the other chain.
        _check.Compare("test", 3, new SessionChain(links), requests, optimised);
        Failure failure = Assert.Single(_check.Failures);
        Assert.Equal(("test", 3UL, "segment 3 of 3", "y", optimised), (failure.Kind, failure.Seed, failure.Segment, failure.Output, failure.Optimised));
    }

    /// <summary>The slicer reads the file that was opened; what has its name now has another weight.</summary>
    [Fact]
    public void A_whole_with_another_weight_is_caught_with_and_without_optimisations()
    {
        string path = ModelCatalog.Get("residual").Write(_folder.Path);
        using ModelUnderTest model = new(path);
        ModelProto other = model.Read();
        TensorProto weight = other.Graph.Initializer.First(t => t.RawData.Length > 8);
        byte[] bytes = weight.RawData.ToByteArray();
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4), BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(4)) + 1);
        weight.RawData = ByteString.CopyFrom(bytes);
        File.WriteAllBytes(path + ".other", other.ToByteArray());
        File.Move(path + ".other", path, overwrite: true);

        using References references = new(model, 1);
        PartitionCheck check = new(model, 1, [references.Run(new InputMaker(model.Graph, new Dictionary<string, double>()).Make(DimensionSample.Parse("batch=2"), 1))]);
        PartitionReport report = check.RunWhole();

        Assert.Equal([("whole", "y", true), ("whole", "y", false)], check.Failures.Select(f => (f.Kind, f.Output, f.Optimised)));
        Assert.False(report.Unoptimised["y"].SameBits);
    }

    /// <summary>A constant weight is packed for its kernel, an input is not.</summary>
    [Fact]
    public void A_whole_whose_kernels_add_in_another_order_is_right()
    {
        ReferenceCase right = _reference with { SlicedDifference = new Dictionary<string, OutputDifference> { ["y"] = new(1e-6, 1e-6, 1e-6, 3, false) } };
        PartitionCheck check = new(_model, 1, [right]);
        PartitionReport report = check.RunWhole();
        Assert.Empty(check.Failures);
        Assert.Equal(3, report.Unoptimised["y"].Ulps);
    }

    [Fact]
    public void A_missing_node_is_refused_by_the_slicer()
    {
        PlanSegment first = _partition.Segments[0];
        Partition mutated = new([first with { Nodes = first.Nodes[..^1] }, .. _partition.Segments.Skip(1)]);
        _check.Run("test", 4, mutated, audit: false);
        Assert.Equal(2, _check.Failures.Count);
        Assert.All(_check.Failures, f => Assert.StartsWith(Rules.SegmentRefused.Id, f.What));
    }

    [Fact]
    public void A_segment_left_out_is_said()
    {
        List<SegmentRequest> requests = [.. _check.Requests(_partition).Where((_, i) => i != 1)];
        using SessionChain chain = SessionChain.Of(_model, requests, new SessionRequest(GraphOptimizationLevel.ORT_DISABLE_ALL, 1));
        _check.Compare("test", 5, chain, requests, optimised: false);
        Failure failure = Assert.Single(_check.Failures);
        Assert.Equal("segment 3 of 3", failure.Segment);
        Assert.Contains("which no segment before it writes", failure.What);
    }

    [Fact]
    public void A_cut_through_convolution_sum_and_activation_is_reported_with_the_fusion_it_costs()
    {
        Partition partition = CutAt(_model, 5);
        Assert.Equal("Add", _model.Graph.Nodes[5].OpType);
        IReadOnlyList<LostFusion> lost = _check.Audit(partition);
        LostFusion all = Assert.Single(lost, l => l is { Level: "ALL", Operator: "Add" });
        Assert.True(all.Split > all.Whole);
        Assert.Contains(_model.Graph.Nodes[5].Inputs[0], all.Cuts);
        Assert.Contains(lost, l => l is { Level: "ALL", Operator: "Relu" });
    }

    [Fact]
    public void A_cut_between_layers_costs_no_fusion_and_one_inside_a_layer_does()
    {
        using ModelUnderTest towers = new(ModelCatalog.Get("two_tower_8x256").Write(_folder.Path));
        PartitionCheck check = new(towers, 1, []);
        Assert.Equal("Relu", towers.Graph.Nodes[1].OpType);
        Assert.Empty(check.Audit(CutAt(towers, 2)));
        LostFusion relu = Assert.Single(check.Audit(CutAt(towers, 1)), l => l is { Level: "EXTENDED", Operator: "Relu" });
        Assert.Equal(towers.Graph.Nodes[1].Inputs, relu.Cuts);
    }

    // The nodes before each position are a segment, the rest is the last.
    private static Partition CutAt(ModelUnderTest model, params int[] positions)
    {
        int[] parts = new int[model.Graph.GroupOf.Length];
        for (int node = 0; node < parts.Length; node++)
            parts[node] = model.Graph.GroupOf[node] < 0 ? -1 : positions.Count(p => p <= node);
        return PartitionBuilder.Build(model.Graph, parts);
    }
}
