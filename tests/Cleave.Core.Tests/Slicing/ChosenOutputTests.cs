using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Slicing;

/// <summary>Segments of a plan whose outputs are not the model's.</summary>
public class ChosenOutputTests
{
    private static readonly Dictionary<string, OnnxType.Tensor> Types = new()
    {
        ["a"] = new(ElementType.Float, [Dimension.Fixed(1), Dimension.Named("n"), default]),
    };

    // x -> a -> y; a -> b -> z. Nothing says what a and b are.
    private static ModelProto Forked() => Make.Model(new GraphProto
    {
        Name = "forked",
        Input = { Make.Value("x", 1, 4) },
        Output = { Make.Value("y", 1, 4), Make.Value("z", 1, 4) },
        Initializer = { Make.RandomFloats("w", 1, 1, 4), Make.RandomFloats("big", 2, 4, 4) },
        Node =
        {
            Make.Node("Add", ["x", "w"], ["a"]),
            Make.Node("Neg", ["a"], ["y"]),
            Make.Node("MatMul", ["a", "big"], ["b"]),
            Make.Node("Neg", ["b"], ["z"]),
        },
    });

    [Fact]
    public void What_the_outputs_do_not_need_makes_no_demands()
    {
        SegmentRequest request = new("S", [0, 1], ["x"], ["y"]) { Outputs = ["y"] };
        GraphProto graph = ModelProto.Parser.ParseFrom(Slices.Of(Forked(), request).Bytes).Graph;
        Assert.Equal(["a", "y"], graph.Node.Select(n => n.Output[0]));
        Assert.Equal(["w"], graph.Initializer.Select(t => t.Name));
        ModelException refused = Assert.Throws<ModelException>(() => Slices.Of(Forked(), request with { Outputs = null }));
        Assert.Contains("it makes 'a', which is needed outside", refused.Message);
    }

    [Fact]
    public void A_chosen_output_that_is_not_written_is_refused()
    {
        SegmentRequest request = new("S", [0, 1], ["x"], ["y"]) { Outputs = ["a", "y"], Types = Types };
        Assert.Contains("it makes 'a', which is needed outside", Assert.Throws<ModelException>(() => Slices.Of(Forked(), request)).Message);
    }

    [Fact]
    public void The_request_gives_the_type_that_the_file_does_not_say()
    {
        SegmentRequest request = new("S", [0], ["x"], ["a"]) { Outputs = ["a"], Types = Types };
        ValueInfoProto output = Assert.Single(ModelProto.Parser.ParseFrom(Slices.Of(Forked(), request).Bytes).Graph.Output);
        Assert.Equal(1, output.Type.TensorType.ElemType);
        Assert.Equal(["1", "n", ""], output.Type.TensorType.Shape.Dim.Select(d => d.HasDimValue ? d.DimValue.ToString() : d.DimParam));

        SegmentRequest ofAnyShape = request with { Types = new Dictionary<string, OnnxType.Tensor> { ["a"] = new(ElementType.Float, null) } };
        byte[] sliced = Slices.Of(Forked(), ofAnyShape).Bytes;
        Assert.Null(ModelProto.Parser.ParseFrom(sliced).Graph.Output[0].Type.TensorType.Shape);
        ModelProto whole = Forked();
        whole.Graph.Output.Clear();
        whole.Graph.Output.Add(Make.Value("a", 1, 4));
        using var session = Ort.Open(sliced);
        using var oracle = Ort.Open(whole.ToByteArray());
        var inputs = Ort.RandomInputs(oracle, 3, (_, _) => 1).Values;
        Ort.Equal(Ort.Run(oracle, inputs), Ort.Run(session, inputs));

        Assert.Contains("the element type of 'a'", Assert.Throws<ModelException>(() => Slices.Of(Forked(), request with { Types = null })).Message);
    }

    [Fact]
    public void Weights_are_counted_for_what_is_needed()
    {
        byte[] bytes = Forked().ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        SubModelWriter writer = new(model, source, null);
        Assert.Equal(16 + 64, writer.WeightBytes);
        Assert.Equal(16, writer.WeightBytesFor(["y"]));
        Assert.Equal(16 + 64, writer.WeightBytesFor(["y", "z"]));
        Assert.Equal(64, writer.WeightBytesFor(["big"]));
    }
}
