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

/// <summary>What ONNX Runtime's own operators in 8 bits take, so that plans do not think that they cost nothing.</summary>
public sealed class OwnOperatorWorkTests
{
    private const int Deep = 768;
    private const int Wide = 3072;

    [Theory]
    [InlineData(4, "dynamic-quantize gemm-quantized")]
    [InlineData(0, "gemm")]
    public void A_product_of_packed_weights_is_one_of_bytes_where_its_input_is_rounded_too(long level, string kernels)
    {
        GraphCost cost = Cost(Packed(level));

        IReadOnlyList<Work> works = cost.Work(0).Works;

        Assert.Equal(kernels, string.Join(' ', works.Select(static w => w.Kernel)));
        Assert.Equal([32, Deep, Wide], works[^1].Sizes);
        Assert.Equal(Deep * Wide, works[^1].Weights);
        // Not for nothing, and not slower than in floats.
        double floats = Cost(Floats()).Whole(1);
        Assert.InRange(cost.Whole(1), floats / 10, floats * 1.05);
    }

    [Fact]
    public void A_recurrence_in_8_bits_takes_longer_the_more_steps_it_has()
    {
        double[] times = [.. new[] { 1, 8, 64 }.Select(static t => Cost(Lstm(t)).Whole(1))];

        Assert.Equal(times.Order(), times);
        Assert.InRange(times[2], times[0] * 8, double.MaxValue);
    }

    [Fact]
    public void Sizes_that_are_not_known_are_no_error()
    {
        GraphProto graph = Packed(4);
        graph.Node[0].Attribute.Clear();

        Assert.True(double.IsFinite(Cost(graph).Whole(1)));
    }

    private static GraphProto Floats() => new()
    {
        Name = "floats",
        Input = { Make.Value("x", 32, Deep) },
        Output = { Make.Value("y", 32, Wide) },
        Initializer = { Make.RandomFloats("w", 1, Deep, Wide) },
        Node = { Make.Node("MatMul", ["x", "w"], ["y"]) },
    };

    private static GraphProto Packed(long level) => new()
    {
        Name = "packed",
        Input = { Make.Value("x", 32, Deep) },
        Output = { Make.Value("y", 32, Wide) },
        Initializer = { Bytes("w", ElementType.UInt8, Wide, Deep / 128, 128), Make.RandomFloats("s", 1, Wide * Deep / 128) },
        Node = { Own("MatMulNBits", ["x", "w", "s"], ("K", Deep), ("N", Wide), ("bits", 8), ("block_size", 128), ("accuracy_level", level)) },
    };

    private static GraphProto Lstm(int steps) => new()
    {
        Name = "lstm",
        Input = { Make.Value("x", steps, 1, 256) },
        Output = { Make.Value("y", steps, 1, 1, 128) },
        Initializer =
        {
            Bytes("w", ElementType.Int8, 1, 256, 512), Bytes("r", ElementType.Int8, 1, 128, 512), Make.RandomFloats("ws", 1, 1, 512), Make.RandomFloats("rs", 2, 1, 512),
            Bytes("wz", ElementType.Int8, 1, 512), Bytes("rz", ElementType.Int8, 1, 512),
        },
        Node = { Own("DynamicQuantizeLSTM", ["x", "w", "r", "", "", "", "", "", "ws", "wz", "rs", "rz"], ("hidden_size", 128)) },
    };

    private static NodeProto Own(string type, string[] inputs, params (string Name, long Value)[] attributes)
    {
        NodeProto node = Make.Node(type, inputs, ["y"]);
        node.Domain = "com.microsoft";
        node.Attribute.Add(attributes.Select(static a => new AttributeProto { Name = a.Name, Type = AttributeProto.Types.AttributeType.Int, I = a.Value }));
        return node;
    }

    private static TensorProto Bytes(string name, ElementType type, params long[] dims) => new()
    {
        Name = name,
        DataType = (int)type,
        Dims = { dims },
        RawData = ByteString.CopyFrom(new byte[dims.Aggregate(1L, static (a, b) => a * b)]),
    };

    private static GraphCost Cost(GraphProto graph)
    {
        ModelProto made = Make.Model(graph);
        made.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        using ByteSource source = ByteSource.FromBytes(made.ToByteArray());
        OnnxModel model = ModelReader.Read(source, default);
        return new GraphCost(new SizedGraph(PlanGraphBuilder.Build(ShapeInference.Infer(model)), static _ => null), new CostModel(DeviceTables.Find(DeviceTables.Avx2)!));
    }
}
