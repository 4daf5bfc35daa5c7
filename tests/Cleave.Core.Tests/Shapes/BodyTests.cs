using System.Linq;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>What is known after an If, a Loop, a Scan.</summary>
public sealed class BodyTests
{
    private static readonly ValueInfoProto X = Infer.Input("x", 1, "N", 4);

    [Theory]
    [InlineData("Relu", "float [N,4]")]
    [InlineData("Transpose", "float [?0,?1]")]
    [InlineData("ReduceMax", "float *")]
    public void If_knows_what_both_branches_have_in_common(string other, string expected)
    {
        GraphProto then = Body([], Make.Node("Tanh", ["x"], ["a"]));
        GraphProto otherwise = Body([], Make.Node(other, ["x"], ["b"], other == "ReduceMax" ? [Make.Int("keepdims", 0)] : []));
        GraphFacts facts = Infer.Facts(17, [X, Infer.Input("c", 9)], [],
            Make.Node("If", ["c"], ["y"], Make.Body("then_branch", then), Make.Body("else_branch", otherwise)));
        Assert.Equal(expected, facts.Of("y").ToString());
    }

    [Theory]
    [InlineData(1, "float [N,4]")]
    [InlineData(0, "float [4,N]")]
    public void If_with_a_constant_condition_is_its_branch(byte condition, string expected)
    {
        TensorProto constant = new() { Name = "c", DataType = 9, RawData = Google.Protobuf.ByteString.CopyFrom(condition) };
        GraphFacts facts = Infer.Facts(17, [X], [constant],
            Make.Node("If", ["c"], ["y"], Make.Body("then_branch", Body([], Make.Node("Tanh", ["x"], ["a"]))),
                Make.Body("else_branch", Body([], Make.Node("Transpose", ["x"], ["b"])))));
        Assert.Equal(expected, facts.Of("y").ToString());
    }

    [Fact]
    public void Loop_keeps_what_no_turn_changes()
    {
        GraphFacts facts = Loop(true, Make.Node("Add", ["state", "x"], ["next"]), "next", rounds: 5);
        Assert.Equal("float [N,4]", facts.Of("last").ToString());
        Assert.Equal("float [5,N,4]", facts.Of("trace").ToString());
    }

    [Fact]
    public void Loop_forgets_what_a_turn_changes()
    {
        GraphFacts facts = Loop(true, Make.Node("Concat", ["state", "x"], ["next"], Make.Int("axis", 0)), "next", rounds: 5);
        Assert.Matches(@"^float \[\?\d+,4\]$", facts.Of("last").ToString());
        Assert.Matches(@"^float \[5,\?\d+,4\]$", facts.Of("trace").ToString());
        Assert.NotEqual(facts.Of("last").Shape![0], facts.Of("trace").Shape![1]);
    }

    [Fact]
    public void Loop_that_changes_the_rank_leaves_the_type()
    {
        GraphFacts facts = Loop(true, Make.Node("Unsqueeze", ["state", "axes"], ["next"]), "next", rounds: 5);
        Assert.Equal("float *", facts.Of("last").ToString());
        Assert.Equal("float *", facts.Of("trace").ToString());
    }

    [Fact]
    public void Loop_of_unknown_length_may_have_no_turn()
    {
        GraphFacts facts = Loop(false, Make.Node("Add", ["state", "x"], ["next"]), "next", rounds: 5);
        Assert.Equal("float [N,4]", facts.Of("last").ToString());
        // ONNX Runtime writes [0,0,4] then.
        Assert.Matches(@"^float \[\?\d+,\?\d+,4\]$", facts.Of("trace").ToString());
    }

    [Fact]
    public void Scan_goes_along_an_axis()
    {
        GraphProto body = Body(["state", "row"], Make.Node("Add", ["state", "row"], ["next"]), Make.Node("Relu", ["next"], ["out"]));
        body.Output.Clear();
        body.Output.Add(new ValueInfoProto { Name = "next" });
        body.Output.Add(new ValueInfoProto { Name = "out" });
        GraphFacts facts = Infer.Facts(17, [Infer.Input("start", 1, "N"), Infer.Input("xs", 1, "N", "T")], [],
            Make.Node("Scan", ["start", "xs"], ["last", "all"], Make.Body("body", body), Make.Int("num_scan_inputs", 1),
                Make.Ints("scan_input_axes", 1), Make.Ints("scan_output_axes", -1)));
        Assert.Equal("float [N]", facts.Of("last").ToString());
        Assert.Equal("float [N,T]", facts.Of("all").ToString());
    }

    [Fact]
    public void Loops_in_loops_take_bounded_time()
    {
        GraphProto body = Turn(Make.Node("Concat", ["state", "x"], ["next"], Make.Int("axis", 0)), "next");
        for (int depth = 0; depth < 8; depth++)
        {
            NodeProto inner = Make.Node("Loop", ["rounds", "", "state"], ["end" + depth, "all" + depth], Make.Body("body", Renamed(body, depth)));
            body = Turn(inner, "end" + depth);
        }
        GraphFacts facts = Infer.Facts(17, [X, Infer.Input("rounds", 7)], [],
            Make.Node("Loop", ["rounds", "", "x"], ["last", "trace"], Make.Body("body", body)));
        Assert.Equal(Core.Graph.ElementType.Float, facts.Of("last").Element);
    }

    private static GraphFacts Loop(bool constant, NodeProto node, string next, long rounds) => Infer.Facts(17,
        constant ? [X] : [X, Infer.Input("rounds", 7)],
        constant ? [Infer.Scalar("rounds", rounds), Infer.Vector("axes", 0)] : [],
        Make.Node("Loop", ["rounds", "", "x"], ["last", "trace"], Make.Body("body", Turn(node, next))));

    // A turn that goes on, leaves its state, and shows it.
    private static GraphProto Turn(NodeProto node, string next)
    {
        GraphProto body = Body(["turn", "going", "state"], Make.Node("Identity", ["going"], ["on"]), node, Make.Node("Relu", [next], ["shown"]));
        body.Output.Clear();
        foreach (string output in new[] { "on", next, "shown" })
            body.Output.Add(new ValueInfoProto { Name = output });
        return body;
    }

    // No name may hide one around it.
    private static GraphProto Renamed(GraphProto body, int depth)
    {
        foreach (ValueInfoProto value in body.Input.Concat(body.Output))
            value.Name = value.Name.StartsWith("end", System.StringComparison.Ordinal) ? value.Name : value.Name + depth;
        foreach (NodeProto node in body.Node)
        {
            for (int i = 0; i < node.Input.Count; i++)
                node.Input[i] = node.Input[i] is "going" or "state" or "next" ? node.Input[i] + depth : node.Input[i];
            for (int i = 0; i < node.Output.Count; i++)
                node.Output[i] = node.Output[i] is "on" or "next" or "shown" ? node.Output[i] + depth : node.Output[i];
        }
        return body;
    }

    private static GraphProto Body(string[] inputs, params NodeProto[] nodes) => new()
    {
        Name = "body",
        Input = { inputs.Select(i => new ValueInfoProto { Name = i }) },
        Node = { nodes },
        Output = { new ValueInfoProto { Name = nodes[^1].Output[0] } },
    };
}
