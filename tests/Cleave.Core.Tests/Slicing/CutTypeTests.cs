using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;
using Cleave.OnnxProto;
using Xunit;

namespace Cleave.Core.Tests.Slicing;

/// <summary>A graph is cut at values whose type the file does not say, where the request does.</summary>
public sealed class CutTypeTests
{
    [Fact]
    public void A_type_of_the_request_is_written_at_both_sides_of_the_cut()
    {
        OnnxType.Tensor type = new(ElementType.Float, [Dimension.Named("batch"), Dimension.Fixed(4), Dimension.Unknown]);
        foreach ((SegmentRequest request, bool reads) in Both(type))
        {
            GraphProto graph = ModelProto.Parser.ParseFrom(Slices.Of(Chain(), request).Bytes).Graph;
            ValueInfoProto value = reads ? Assert.Single(graph.Input) : Assert.Single(graph.Output);
            Assert.Equal("a", value.Name);
            Assert.Equal(1, value.Type.TensorType.ElemType);
            Assert.Equal(["batch", "4", "?"], value.Type.TensorType.Shape.Dim.Select(d => d.DimParam.Length > 0 ? d.DimParam : d.HasDimValue ? d.DimValue.ToString() : "?"));
        }
    }

    [Fact]
    public void A_type_without_a_rank_has_no_shape()
    {
        foreach ((SegmentRequest request, bool reads) in Both(new OnnxType.Tensor(ElementType.Int64, null)))
        {
            GraphProto graph = ModelProto.Parser.ParseFrom(Slices.Of(Chain(), request).Bytes).Graph;
            Assert.Null((reads ? graph.Input[0] : graph.Output[0]).Type.TensorType.Shape);
        }
    }

    [Fact]
    public void What_the_request_says_of_an_inner_value_wins_over_the_file()
    {
        ModelProto model = Chain();
        // Stale: nobody checks it while the value is inside.
        model.Graph.ValueInfo.Add(Make.Value("a", 7, 7));
        foreach ((SegmentRequest request, bool reads) in Both(new OnnxType.Tensor(ElementType.Float, [Dimension.Fixed(1), Dimension.Fixed(4)])))
        {
            GraphProto graph = ModelProto.Parser.ParseFrom(Slices.Of(model, request).Bytes).Graph;
            Assert.Equal([1, 4], (reads ? graph.Input[0] : graph.Output[0]).Type.TensorType.Shape.Dim.Select(d => d.DimValue));
        }
    }

    [Fact]
    public void The_models_own_inputs_and_outputs_stay_as_they_are()
    {
        Dictionary<string, OnnxType.Tensor> types = new() { ["x"] = new(ElementType.Double, null), ["y"] = new(ElementType.Double, null) };
        ModelProto model = Chain();
        GraphProto graph = ModelProto.Parser.ParseFrom(Slices.Of(model, new SegmentRequest("S", [0, 1], ["x"], ["y"]) { Types = types }).Bytes).Graph;
        Assert.Equal(model.Graph.Input, graph.Input);
        Assert.Equal(model.Graph.Output, graph.Output);
    }

    [Theory]
    [InlineData(null)]
    [InlineData((int)ElementType.Undefined)]
    public void A_cut_at_a_value_of_unknown_type_is_refused(int? element)
    {
        foreach ((SegmentRequest request, _) in Both(element is { } e ? new OnnxType.Tensor((ElementType)e, null) : null))
        {
            Problem problem = Assert.Throws<ModelException>(() => Slices.Of(Chain(), request)).Problem;
            Assert.Equal("CLV4006", problem.Rule.Id);
            Assert.Contains("'a' is not known", problem.Arguments[1]);
        }
    }

    private static ModelProto Chain() => Make.Model(new GraphProto
    {
        Name = "g",
        Input = { Make.Value("x", 1, 4) },
        Output = { Make.Value("y", 1, 4) },
        Node = { Make.Node("Neg", ["x"], ["a"]), Make.Node("Abs", ["a"], ["y"]) },
    });

    private static IEnumerable<(SegmentRequest Request, bool Reads)> Both(OnnxType.Tensor? a)
    {
        Dictionary<string, OnnxType.Tensor>? types = a is null ? null : new() { ["a"] = a };
        yield return (new SegmentRequest("First", [0], ["x"], ["a"]) { Types = types }, false);
        yield return (new SegmentRequest("Second", [1], ["a"], ["y"]) { Types = types }, true);
    }
}
