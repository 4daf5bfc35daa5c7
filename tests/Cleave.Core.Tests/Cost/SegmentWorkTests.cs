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

    [Theory]
    [InlineData(8, 48, 16)]
    [InlineData(16, 48, 16)]
    public void Channels_are_filled_up_to_whole_blocks(int block, double middle, double image)
    {
        SizedGraph graph = Graph(Convolutions(channels: 16, middle: 44));

        IReadOnlyList<Work>[] works = SegmentWork.Of(graph, block, [0, 1], ["y"]);

        Assert.Equal([16, middle, 64, 9], works[0].Single(w => w.Kernel == "conv").Sizes);
        Assert.Equal([middle, image, 64, 9], works[1].Single(w => w.Kernel == "conv").Sizes);
        Assert.Equal(16 * middle * 9 * 4, works[0].Single(w => w.Kernel == "conv").Weights);
    }

    [Theory]
    [InlineData(8, "reorder-in conv", 16)]
    // Fewer than a block: read as an image is.
    [InlineData(16, "conv-first", 12)]
    public void So_are_channels_that_come_from_outside(int block, string kernels, double channels)
    {
        IReadOnlyList<Work> works = SegmentWork.Of(Graph(Convolutions(channels: 12, middle: 16)), block, [0], [])[0];

        Assert.Equal(kernels, string.Join(' ', works.Select(w => w.Kernel)));
        Assert.All(works, w => Assert.Equal(channels, w.Sizes[0]));
    }

    [Fact]
    public void What_stands_between_convolutions_has_whole_blocks_too()
    {
        GraphProto made = Convolutions(channels: 16, middle: 44);
        made.Node.Insert(1, Make.Node("MaxPool", ["m"], ["p"], Make.Ints("kernel_shape", 2, 2), Make.Ints("strides", 1, 1)));
        made.Node[2].Input[0] = "p";

        IReadOnlyList<Work>[] works = SegmentWork.Of(Graph(made), 8, [0, 1, 2], ["y"]);

        Assert.Equal(48, works[1].Single(w => w.Kernel == "pool").Sizes[0]);
    }

    [Theory]
    [InlineData(8, "relu", true, 16 * 64)]
    [InlineData(1, "binary", false, 12 * 64)]
    public void A_sum_in_a_convolution_takes_time_of_its_own(int block, string kernel, bool goesOn, double elements)
    {
        GraphProto made = Convolutions(channels: 16, middle: 12);
        made.Node[1].Output[0] = "n";
        made.Node[1].Input[0] = "x";
        made.Initializer[1] = Make.RandomFloats("w", 2, 12, 16, 3, 3);
        made.Node.Add(Make.Node("Add", ["m", "n"], ["s"]));
        made.Node.Add(Make.Node("Relu", ["s"], ["y"]));
        made.Output[0] = Make.Value("y", 1, 12, 8, 8);
        SizedGraph graph = Graph(made);

        Work[] works = [.. SegmentWork.Of(graph, block, [0, 1], ["y"]).SelectMany(w => w)];

        Work sum = works.Single(w => w.Kernel == kernel);
        Assert.Equal((goesOn, elements), (sum.GoesOn, sum.Sizes[0]));
        Assert.Equal(2, works.Count(w => w.Kernel.StartsWith("conv", System.StringComparison.Ordinal)));
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
