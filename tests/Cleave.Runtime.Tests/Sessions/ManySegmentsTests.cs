using System;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Cores;
using Cleave.Generated;
using Cleave.OnnxProto;
using Cleave.Runtime.Tests.Support;
using Cleave.Sessions;
using Cleave.Sources;
using Google.Protobuf;
using Xunit;

namespace Cleave.Runtime.Tests.Sessions;

/// <summary>What a segment takes does not grow with the number of the others: a forced split may have thousands. By what is allocated, which is the same each time.</summary>
public sealed class ManySegmentsTests
{
    private const int Segments = 400;
    private const int NodesEach = 10;
    private const int Nodes = Segments * NodesEach;

    [Fact]
    public void A_plan_keeps_its_segments_once()
    {
        Segment[] segments = Chain();
        Action<Lane> lane = static _ => { };
        long allocated = Allocated(() => GC.KeepAlive(new Plan("Many", segments, lane)));
        Assert.True(allocated < 100 * Segments, $"{allocated} bytes for {Segments} segments");
    }

    [Fact]
    public void Cutting_a_segment_reads_no_other_one()
    {
        ModelProto model = Onnx.Model(
            [Onnx.Tensor("v0", ElementType.Float, 4)], [Onnx.Tensor("v" + Nodes, ElementType.Float, 4)], [.. Enumerable.Range(0, Nodes).Select(i => Onnx.Node("Neg", ["v" + i], ["v" + (i + 1)]))]);
        ModelDefinition definition = Definitions.Of(model);
        using OpenedModel opened = OpenedModel.Open(definition, new() { Model = ModelSource.Bytes(model.ToByteArray()) });
        SubModels cut = new(opened, ["v" + Nodes], ProcessFiles.System, new ListLogger());
        Segment[] segments = Chain();
        Plan plan = new("Many", segments, static _ => { });
        cut.WeightBytesOf(plan.Segments[0], isWidened: false);
        // What it reads once for the plan is there by now.
        long allocated = Allocated(() => cut.WeightBytesOf(plan.Segments[1], isWidened: false));
        Assert.True(allocated < 5 * Nodes, $"{allocated} bytes beside {Nodes} nodes");
    }

    private static long Allocated(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static Segment[] Chain() => [.. Enumerable.Range(0, Segments).Select(i => new Segment(
        "S" + i, (i * NodesEach) + "-" + ((i * NodesEach) + NodesEach - 1), [Value.Tensor<float>("v" + (i * NodesEach), 4)], [Value.Tensor<float>("v" + ((i + 1) * NodesEach), 4)]))];
}
