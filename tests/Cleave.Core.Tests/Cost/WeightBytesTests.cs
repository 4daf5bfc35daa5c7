using Cleave.Core.Cost;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Cost;

/// <summary>The weights of a model are as large as the file holds them, wherever they are read.</summary>
public sealed class WeightBytesTests
{
    [Fact]
    public void What_is_dequantised_counts_in_8_bits()
    {
        GraphProto graph = Graph(
            new TensorProto { Name = "w8", DataType = 3, Dims = { 64, 64 }, RawData = ByteString.CopyFrom(new byte[64 * 64]) },
            Make.Node("DequantizeLinear", ["w8", "scale"], ["w"]),
            Make.Node("MatMul", ["x", "w"], ["a"]),
            Make.Node("MatMul", ["a", "w"], ["y"]));
        graph.Initializer.Add(Make.Floats("scale", [], 0.1f));

        Assert.Equal((64 * 64) + 4, Bytes(graph));
    }

    [Theory]
    [InlineData("Transpose", "")]
    [InlineData("Neg", "com.microsoft")]
    public void What_is_computed_of_it_does_not_count_too(string op, string domain)
    {
        NodeProto dequantise = Make.Node("DequantizeLinear", ["w8", "scale"], ["w"]);
        dequantise.Domain = domain;
        GraphProto graph = Graph(
            new TensorProto { Name = "w8", DataType = 3, Dims = { 64, 64 }, RawData = ByteString.CopyFrom(new byte[64 * 64]) },
            dequantise,
            Make.Node(op, ["w"], ["t"]),
            Make.Node("MatMul", ["x", "t"], ["a"]),
            Make.Node("MatMul", ["a", "w"], ["y"]));
        graph.Initializer.Add(Make.Floats("scale", [], 0.1f));

        Assert.Equal((64 * 64) + 4, Bytes(graph));
    }

    [Fact]
    public void Weights_of_bodies_count()
    {
        GraphProto then = new() { Name = "then", Initializer = { Make.RandomFloats("v", 1, 64, 64) }, Node = { Make.Node("MatMul", ["x", "v"], ["t"]) }, Output = { Make.Value("t", 1, 64) } };
        GraphProto other = new() { Name = "else", Node = { Make.Node("MatMul", ["x", "w"], ["e"]) }, Output = { Make.Value("e", 1, 64) } };
        GraphProto graph = Graph(Make.RandomFloats("w", 1, 64, 64), Make.Node("If", ["go"], ["y"], Make.Body("then_branch", then), Make.Body("else_branch", other)));
        graph.Input.Add(Make.Typed("go", 9));

        Assert.Equal(2 * 64 * 64 * 4, Bytes(graph));
    }

    [Fact]
    public void What_only_bodies_read_counts_once()
    {
        GraphProto then = new() { Name = "then", Node = { Make.Node("MatMul", ["x", "w"], ["t"]) }, Output = { Make.Value("t", 1, 64) } };
        GraphProto other = new() { Name = "else", Node = { Make.Node("Neg", ["x"], ["n"]), Make.Node("MatMul", ["n", "w"], ["e"]) }, Output = { Make.Value("e", 1, 64) } };
        GraphProto graph = Graph(Make.RandomFloats("w", 1, 64, 64), Make.Node("If", ["go"], ["y"], Make.Body("then_branch", then), Make.Body("else_branch", other)));
        graph.Input.Add(Make.Typed("go", 9));

        Assert.Equal(64 * 64 * 4, Bytes(graph));
    }

    private static double Bytes(GraphProto graph) =>
        new SizedGraph(PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(ByteSource.FromBytes(Make.Model(graph).ToByteArray()), default))), static _ => null).WeightBytes;

    private static GraphProto Graph(TensorProto weight, params NodeProto[] nodes) =>
        new() { Name = "g", Input = { Make.Value("x", 1, 64) }, Output = { Make.Value("y", 1, 64) }, Initializer = { weight }, Node = { nodes } };
}
