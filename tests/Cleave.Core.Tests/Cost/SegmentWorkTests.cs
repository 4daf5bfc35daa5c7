using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Cost;

/// <summary>Work of a segment: what ONNX Runtime will run, with the reorderings at its borders.</summary>
public sealed class SegmentWorkTests
{
    [Fact]
    public void A_chain_of_convolutions_is_reordered_at_its_ends_only()
    {
        SizedGraph graph = Graph(Convolutions(channels: 16, middle: 16));

        Assert.Equal(["reorder-in", "conv", "conv", "reorder-out"], Kernels(graph, 8, [0, 1], ["y"]));
    }

    [Fact]
    public void Each_part_of_a_cut_chain_is_reordered_for_itself()
    {
        SizedGraph graph = Graph(Convolutions(channels: 16, middle: 16));

        Assert.Equal(["reorder-in", "conv", "reorder-out"], Kernels(graph, 8, [0], ["m"]));
        Assert.Equal(["reorder-in", "conv", "reorder-out"], Kernels(graph, 8, [1], ["y"]));
    }

    [Fact]
    public void A_convolution_of_an_image_reads_it_as_it_is()
    {
        SizedGraph graph = Graph(Convolutions(channels: 3, middle: 16));

        Assert.Equal(["conv-first", "conv", "reorder-out"], Kernels(graph, 8, [0, 1], ["y"]));
    }

    [Fact]
    public void Channels_that_fill_no_blocks_stay_plain()
    {
        SizedGraph graph = Graph(Convolutions(channels: 10, middle: 10));

        Assert.Equal(["conv-plain", "conv-plain"], Kernels(graph, 8, [0, 1], ["y"]));
    }

    [Fact]
    public void Without_the_blocked_layout_nothing_is_reordered()
    {
        SizedGraph graph = Graph(Convolutions(channels: 16, middle: 16));

        Assert.Equal(["conv-plain", "conv-plain"], Kernels(graph, 1, [0, 1], ["y"]));
    }

    [Fact]
    public void A_convolution_has_the_sizes_of_its_weights_and_output()
    {
        SizedGraph graph = Graph(Convolutions(channels: 16, middle: 24));

        IReadOnlyList<Work> works = SegmentWork.Of(graph, 8, [0], [])[0];

        Assert.Equal([16, 24, 64, 9], works.Single(w => w.Kernel == "conv").Sizes);
    }

    private static string[] Kernels(SizedGraph graph, int block, int[] groups, string[] writes) =>
        [.. SegmentWork.Of(graph, block, groups, writes).SelectMany(w => w).Select(w => w.Kernel)];

    private static GraphProto Convolutions(long channels, long middle) => new()
    {
        Name = "convolutions",
        Input = { Make.Value("x", 1, channels, 8, 8) },
        Output = { Make.Value("y", 1, 16, 8, 8) },
        Initializer = { Make.RandomFloats("v", 1, middle, channels, 3, 3), Make.RandomFloats("w", 2, 16, middle, 3, 3) },
        Node =
        {
            Make.Node("Conv", ["x", "v"], ["m"], Make.Ints("pads", 1, 1, 1, 1)),
            Make.Node("Conv", ["m", "w"], ["y"], Make.Ints("pads", 1, 1, 1, 1)),
        },
    };

    private static SizedGraph Graph(GraphProto graph)
    {
        using ByteSource source = ByteSource.FromBytes(Make.Model(graph).ToByteArray());
        OnnxModel model = ModelReader.Read(source, default);
        return new SizedGraph(PlanGraphBuilder.Build(ShapeInference.Infer(model)), _ => null);
    }
}
