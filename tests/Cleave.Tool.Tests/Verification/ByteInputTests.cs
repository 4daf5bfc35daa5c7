using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Partitions;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Cleave.Tool.Running;
using Google.Protobuf;
using Xunit;
using ElementType = Cleave.Core.Graph.ElementType;

namespace Cleave.Tool.Tests.Verification;

public sealed class ByteInputTests
{
    private const int UInt8 = 2;
    private const int Bool = 9;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_byte_that_is_an_index_lies_in_its_table_and_others_are_anything(bool isIndex)
    {
        using TinyModel tiny = new();
        GraphProto graph = tiny.Model.Graph;
        graph.Input[0] = TinyModel.Value("x", UInt8, 1000);
        graph.Output[0] = TinyModel.Value("y", TinyModel.Float, 1000);
        graph.Node.Clear();
        NodeProto cast = TinyModel.Node("Cast", ["x"], isIndex ? "index" : "y");
        cast.Attribute.Add(new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = isIndex ? 7 : TinyModel.Float });
        graph.Node.Add(cast);
        if (isIndex)
            graph.Node.Add(TinyModel.Node("Gather", ["w", "index"], "y"));
        using ByteSource source = ByteSource.FromBytes(tiny.Model.ToByteArray());
        InputMaker maker = new(PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(source, CancellationToken.None))), new Dictionary<string, double>());

        byte[] made = maker.Make("x", ElementType.UInt8, [1000], new SeededRandom(1)).Bytes;

        Assert.Equal(isIndex ? 3 : 255, made.Max());
    }

    [Fact]
    public void Bytes_that_are_compared_with_a_constant_are_anything_all_the_same()
    {
        using TinyModel tiny = new();
        GraphProto graph = tiny.Model.Graph;
        graph.Input[0] = TinyModel.Value("x", UInt8, 1000);
        graph.Output[0] = TinyModel.Value("y", Bool, 1000);
        graph.Node.Clear();
        graph.Initializer.Add(new TensorProto { Name = "white", DataType = UInt8, Dims = { 1 }, RawData = ByteString.CopyFrom(255) });
        graph.Node.Add(TinyModel.Node("Equal", ["x", "white"], "y"));
        using ByteSource source = ByteSource.FromBytes(tiny.Model.ToByteArray());
        InputMaker maker = new(PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(source, CancellationToken.None))), new Dictionary<string, double>());

        Assert.True(maker.Make("x", ElementType.UInt8, [1000], new SeededRandom(1)).Bytes.Distinct().Count() > 100);
    }
}
