using System;
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

/// <summary>What every node costs is paid once for each node that ONNX Runtime runs, however many kernels it consists of.</summary>
public sealed class NodeOverheadTests
{
    [Theory]
    [InlineData("Sum", 2)]
    [InlineData("Sum", 8)]
    [InlineData("Mean", 5)]
    [InlineData("Max", 3)]
    [InlineData("Min", 3)]
    public void A_node_of_many_operands_is_one_node(string op, int operands) => Assert.Equal(1, Nodes(Elementwise(op, [.. Enumerable.Repeat(64L, operands)])), 1e-6);

    [Fact]
    public void Operands_of_different_shapes_are_still_one_node() => Assert.Equal(1, Nodes(Elementwise("Sum", [64, 1, 64, 1])), 1e-6);

    [Fact]
    public void Each_further_operand_takes_its_time()
    {
        double[] times = [.. new[] { 2, 3, 4 }.Select(n => Cost(Elementwise("Sum", [.. Enumerable.Repeat(64L, n)]), Table(node: 100)).Whole(1))];

        Assert.Equal(times[1] - times[0], times[2] - times[1], 1e-3);
        Assert.True(times[1] > times[0]);
    }

    [Fact]
    public void A_product_that_rounds_its_input_is_one_node() => Assert.Equal(1, Nodes(Rounding()), 1e-6);

    [Fact]
    public void Attention_is_one_node() => Assert.Equal(1, Nodes(Attention()), 1e-6);

    // By how much a node's overhead changes the prediction, all kernels taking what they took beside it.
    private static double Nodes(GraphProto graph) => (Cost(graph, Table(node: 200)).Whole(1) - Cost(graph, Table(node: 100)).Whole(1)) / 100;

    private static DeviceTable Table(double node) => new()
    {
        Name = "test",
        Block = 8,
        Calls = [1000],
        HandOff = 100,
        Threads = [1],
        Points =
        [
            new DevicePoint("node", [1], [node]),
            .. Kernel.All.Where(k => k.Name is not ("node" or "crowd" or "weights")).Select(k => new DevicePoint(k.Name, Array.ConvertAll(k.Sizes, _ => 1e6), [node + 1e6])),
        ],
    };

    private static GraphProto Elementwise(string op, long[] columns)
    {
        GraphProto graph = new() { Name = "elementwise", Output = { Make.Value("y", 4, columns.Max()) } };
        graph.Input.Add(columns.Select((c, i) => Make.Value("x" + i, 4, c)));
        graph.Node.Add(Make.Node(op, [.. columns.Select((_, i) => "x" + i)], ["y"]));
        return graph;
    }

    private static GraphProto Rounding() => new()
    {
        Name = "rounding",
        Input = { Make.Value("x", 4, 64), Bytes("w", 64, 64), Make.Value("s", 1) },
        Output = { Make.Value("y", 4, 64) },
        Node = { Own("DynamicQuantizeMatMul", ["x", "w", "s"]) },
    };

    private static GraphProto Attention()
    {
        GraphProto graph = new()
        {
            Name = "attention",
            Input = { Make.Value("x", 1, 16, 64) },
            Output = { Make.Value("y", 1, 16, 64) },
            Initializer = { Make.RandomFloats("w", 1, 64, 192), Make.RandomFloats("b", 2, 192) },
            Node = { Own("Attention", ["x", "w", "b"]) },
        };
        graph.Node[0].Attribute.Add(new AttributeProto { Name = "num_heads", Type = AttributeProto.Types.AttributeType.Int, I = 4 });
        return graph;
    }

    private static ValueInfoProto Bytes(string name, params long[] dims)
    {
        ValueInfoProto value = Make.Value(name, dims);
        value.Type.TensorType.ElemType = (int)ElementType.UInt8;
        return value;
    }

    private static NodeProto Own(string type, string[] inputs)
    {
        NodeProto node = Make.Node(type, inputs, ["y"]);
        node.Domain = "com.microsoft";
        return node;
    }

    private static GraphCost Cost(GraphProto graph, DeviceTable table)
    {
        ModelProto made = Make.Model(graph);
        made.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        using ByteSource source = ByteSource.FromBytes(made.ToByteArray());
        OnnxModel model = ModelReader.Read(source, default);
        return new GraphCost(new SizedGraph(PlanGraphBuilder.Build(ShapeInference.Infer(model)), static _ => null), new CostModel(table));
    }
}
