using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Diagnostics;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;
using RecurrentModel = Cleave.TestKit.Synthetic.Recurrent;

namespace Cleave.Core.Tests.Recurrent;

/// <summary>What may be taken apart: what was found of a model counts, not what its file states, and not what a node is merely called.</summary>
public sealed class RecurrentCandidatesTests
{
    private const int Steps = 16;

    // Chunks of what is only stated would leave out the steps behind it, and nobody would be told.
    [Theory]
    [InlineData("unknown operator")]
    [InlineData("unknown operator, Relu")]
    [InlineData("unknown operator in the function")]
    [InlineData("Slice")]
    public void Steps_that_only_the_file_states_are_not_taken_apart(string before)
    {
        ModelProto proto = Behind(before);
        ValueInfoProto stated = Make.Value("cut", Steps, 1, 16);
        proto.Graph.ValueInfo.Add(stated);
        PlanGraph graph = Read(proto);

        Assert.Empty(RecurrentCandidates.Of(graph, 4));
        Assert.Empty(RecurrentCandidates.Stack(graph, 4));
    }

    [Fact]
    public void Steps_that_follow_from_the_model_are_whatever_stands_before()
    {
        ModelProto proto = Behind("unknown operator, Reshape");
        Assert.Equal(2, RecurrentCandidates.Stack(Read(proto), 4).Count);
        // What is stated besides changes nothing.
        proto.Graph.ValueInfo.Add(Make.Value("cut", 2 * Steps, 1, 16));
        Assert.All(RecurrentCandidates.Stack(Read(proto), 4), s => Assert.Equal(Steps, s.Steps));
    }

    // Spread over the samples it would let a batch through that the model refuses.
    [Fact]
    public void A_constant_state_is_made_a_value_only_where_it_has_as_many_samples()
    {
        foreach (string cell in new[] { "LSTM", "GRU", "RNN" })
        {
            Assert.All(RecurrentCandidates.Stack(Read(Samples(RecurrentStates.Constant(Model(cell)), 3)), 4), s => Assert.Equal(RecurrentSplit.None, s.StateOf));
            IReadOnlyList<RecurrentSplit> fits = RecurrentCandidates.Stack(Read(Samples(RecurrentStates.Constant(Model(cell), samples: 3), 3)), 4);
            Assert.Equal(2, fits.Count);
            Assert.All(fits, s => Assert.Equal(fits[0].Node, s.StateOf));
        }
    }

    [Fact]
    public void A_function_called_like_a_recurrent_operator_is_not_taken_apart()
    {
        ModelProto proto = Model("LSTM");
        RecurrentSplit[] splits = [.. RecurrentCandidates.Stack(Read(proto), 4)];
        Assert.Equal(2, splits.Length);
        proto.Functions.Add(Function("LSTM", Make.Node("LSTM", ["a"], ["b"])));
        PlanGraph graph = Read(proto);
        Assert.Empty(RecurrentCandidates.Of(graph, 4));
        Assert.Empty(RecurrentCandidates.Stack(graph, 4));
        Assert.Equal(Rules.SegmentRefused.Id, Assert.Throws<ModelException>(() => RecurrentRewriter.Apply(graph.Model, splits)).Problem.Rule.Id);
    }

    [Fact]
    public void A_function_called_like_an_operator_that_keeps_steps_apart_is_not_repeated()
    {
        ModelProto proto = Model("GRU");
        PlanGraph before = Read(proto);
        RecurrentSplit[] splits = [.. RecurrentCandidates.Stack(before, 4)];
        Assert.Equal(2 + (2 * 4), Squeezes(before));
        proto.Functions.Add(Function("Squeeze", Make.Node("ReduceSum", ["a"], ["b"])));
        Assert.Equal(2, Squeezes(Read(proto)));

        int Squeezes(PlanGraph graph) => RecurrentRewriter.Apply(graph.Model, splits).Graph.Nodes.Count(n => n.OpType == "Squeeze");
    }

    private static FunctionProto Function(string name, NodeProto body) => new()
    {
        Name = name,
        Input = { "a" },
        Output = { "b" },
        OpsetImport = { new OperatorSetIdProto { Version = 17 } },
        Node = { body },
    };

    private static ModelProto Model(string cell) => new RecurrentModel(cell, 2, 16, Steps).Stacked();

    // The first layer reads "cut".
    private static ModelProto Behind(string before)
    {
        ModelProto proto = Model("GRU");
        NodeProto layer = proto.Graph.Node.First(n => n.OpType == "GRU");
        string x = layer.Input[0];
        layer.Input[0] = "cut";
        string[] parts = before.Split(", ");
        string made = parts.Length > 1 ? "made" : "cut";
        List<NodeProto> nodes = [parts[0] == "Slice" ? Make.Node("Slice", [x, "from", "to"], [made]) : Make.Node("Cut", [x], [made])];
        if (parts[0] == "Slice")
        {
            proto.Graph.Input.Add([Make.Typed("from", 7, 1), Make.Typed("to", 7, 1)]);
        }
        else if (parts[0] == "unknown operator in the function")
        {
            proto.Functions.Add(Function("Cut", new NodeProto { OpType = "Unknown", Domain = "custom", Input = { "a" }, Output = { "b" } }));
        }
        else
        {
            nodes[0].Domain = "custom";
        }
        if (parts is [_, "Relu"])
        {
            nodes.Add(Make.Node("Relu", [made], ["cut"]));
            proto.Graph.ValueInfo.Add(Make.Value(made, Steps, 1, 16));
        }
        else if (parts is [_, "Reshape"])
        {
            nodes.Add(Make.Node("Reshape", [made, "sizes"], ["cut"]));
            proto.Graph.Node.Insert(0, Make.Node("Constant", [], ["sizes"], Make.Ints("value_ints", Steps, 1, 16)));
        }
        for (int i = 0; i < nodes.Count; i++)
            proto.Graph.Node.Insert(proto.Graph.Node.IndexOf(layer), nodes[i]);
        return proto;
    }

    private static ModelProto Samples(ModelProto proto, int samples)
    {
        foreach (ValueInfoProto value in proto.Graph.Input.Concat(proto.Graph.Output))
            value.Type.TensorType.Shape.Dim[value.Name == "h_n" ? 1 : 0].DimValue = samples;
        return proto;
    }

    private static PlanGraph Read(ModelProto proto)
    {
        byte[] bytes = proto.ToByteArray();
        return PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(ByteSource.FromBytes(bytes, 0, bytes.Length), CancellationToken.None)));
    }
}
