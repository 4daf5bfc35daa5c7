using System.Diagnostics;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Onnx;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>How inference goes through a graph, and what it does with odd ones.</summary>
public class InferenceTests
{
    private static readonly ValueInfoProto X = Infer.Input("x", 1, "N", 4);

    [Fact]
    public void Nodes_in_any_order()
    {
        GraphFacts facts = Infer.Facts(17, [X], [],
            Make.Node("Relu", ["b"], ["c"]), Make.Node("Relu", ["x"], ["a"]), Make.Node("Relu", ["a"], ["b"]), Make.Node("Relu", ["c"], ["y"]));
        Assert.Equal([1, 2, 0, 3], facts.Order);
        Assert.Equal("float [N,4]", facts.Of("y").ToString());
    }

    [Fact]
    public void Constants_behind_their_readers_are_constant()
    {
        OnnxProto.ModelProto model = Make.Model(Infer.Graph([X], [], Make.Node("Relu", ["k"], ["r"]), Make.Constant("k", Make.Floats("", [4], 1, 2, 3, 4)), Make.Node("Add", ["x", "r"], ["y"])));
        GraphIndex index = new(Infer.Read(model));
        Assert.True(index.IsConstant(0));
        Assert.True(index.IsConstant(1));
        Assert.False(index.IsConstant(2));
    }

    [Fact]
    public void A_cycle_is_a_problem_that_names_it()
    {
        ModelProto model = Make.Model(Infer.Graph([X], [],
            Make.Node("Relu", ["x"], ["a"]), Make.Node("Add", ["a", "c"], ["b"]), Make.Node("Relu", ["b"], ["c"]), Make.Node("Relu", ["c"], ["y"])));
        Problem problem = Assert.Throws<ModelException>(() => Infer.Read(model)).Problem;
        Assert.Equal(Rules.Cycle, problem.Rule);
        Assert.Equal("'Relu_c' (Relu), which reads 'Add_b' (Add), which reads 'Relu_c'", problem.Arguments[0]);
        model.Graph.Node[0].Input[0] = "a";
        Assert.Equal("'Relu_a' (Relu), which reads 'Relu_a'", Assert.Throws<ModelException>(() => Infer.Read(model)).Problem.Arguments[0]);
    }

    [Fact]
    public void A_cycle_through_a_body_is_a_problem_and_one_in_a_body()
    {
        GraphProto body = new() { Name = "b", Node = { Make.Node("Relu", ["y"], ["z"]) }, Output = { new ValueInfoProto { Name = "z" } } };
        ModelProto through = Make.Model(Infer.Graph([X], [], Make.Node("If", ["c"], ["i"], Make.Body("then_branch", body)), Make.Node("Relu", ["i"], ["y"])));
        through.Graph.Input.Add(Infer.Input("c", 9));
        Assert.Equal(Rules.Cycle, Assert.Throws<ModelException>(() => Infer.Read(through)).Problem.Rule);
        body.Node.Clear();
        body.Node.Add([Make.Node("Relu", ["q"], ["z"]), Make.Node("Relu", ["z"], ["q"])]);
        ModelProto inside = Make.Model(Infer.Graph([X, Infer.Input("c", 9)], [], Make.Node("If", ["c"], ["y"], Make.Body("then_branch", body))));
        Assert.Equal(Rules.Cycle, Assert.Throws<ModelException>(() => Infer.Read(inside)).Problem.Rule);
    }

    [Fact]
    public void What_is_not_known_is_taken_from_the_file_and_contradictions_are_noted()
    {
        ModelProto model = Make.Model(Infer.Graph([X], [],
            new NodeProto { Name = "odd", OpType = "Odd", Domain = "elsewhere", Input = { "x" }, Output = { "a" } }, Make.Node("Relu", ["x"], ["b"]), Make.Node("Relu", ["a"], ["y"])));
        model.Graph.ValueInfo.Add([Infer.Input("a", 1, "N", 7, "M", -3), Infer.Input("b", 1, 2, 5)]);
        GraphFacts facts = Infer.Facts(model);
        Dim[] shape = facts.Of("a").Shape!;
        Assert.Equal("N,7", string.Join(",", shape.Take(2)));
        Assert.False(shape[2].IsKnown);
        Assert.False(shape[3].IsKnown);
        Assert.Equal("float [N,4]", facts.Of("b").ToString());
        Assert.Equal(shape, facts.Of("y").Shape);
        string note = Assert.Single(facts.Notes);
        Assert.Equal("The file says that 'b' is float [2,5]; it is float [N,4].", note);
    }

    [Fact]
    public void A_newer_operator_set_is_noted()
    {
        GraphFacts facts = Infer.Facts(99, [X], [], Make.Node("Relu", ["x"], ["y"]));
        Assert.Equal("float [N,4]", facts.Of("y").ToString());
        Assert.Contains("99", Assert.Single(facts.Notes));
    }

    // It gave operators element types of 2 bits, and changed no shape.
    [Fact]
    public void Operator_set_25_is_known() => Assert.Empty(Infer.Facts(25, [X], [], Make.Node("Relu", ["x"], ["y"])).Notes);

    [Fact]
    public void Functions_are_inferred_by_their_bodies()
    {
        ModelProto model = Make.Model(Infer.Graph([X], [],
            new NodeProto { Name = "call", OpType = "F", Domain = "local", Input = { "x" }, Output = { "y" }, Attribute = { Make.Ints("order", 1, 0) } }));
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
        AttributeProto reference = new() { Name = "perm", Type = AttributeProto.Types.AttributeType.Ints, RefAttrName = "order" };
        model.Functions.Add(new FunctionProto
        {
            Name = "F",
            Domain = "local",
            Input = { "a" },
            Output = { "o" },
            Attribute = { "order" },
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
            Node = { Make.Node("Transpose", ["a"], ["t"], reference), Make.Node("Relu", ["t"], ["o"]) },
        });
        Assert.Equal("float [4,N]", Infer.Facts(model).Of("y").ToString());
        // One that calls itself ends somewhere.
        model.Functions[0].Node.Add(new NodeProto { Name = "again", OpType = "F", Domain = "local", Input = { "o" }, Output = { "p" }, Attribute = { Make.Ints("order", 1, 0) } });
        Assert.Equal("float [4,N]", Infer.Facts(model).Of("y").ToString());
    }

    [Fact]
    public void What_a_call_of_a_function_leaves_out_is_left_out_inside()
    {
        foreach ((string given, string item, string rest) in new[] { ("", "float [4]", "float [4]"), ("one", "float [1,4]", "float [1,4]") })
        {
            NodeProto call = new() { Name = "call", OpType = "F", Domain = "local", Input = { "x", given, given }, Output = { "y", "z" } };
            ModelProto model = Make.Model(Infer.Graph([Make.Value("x", 1, 4)], [new TensorProto { Name = "one", DataType = 7, Dims = { 1 }, Int64Data = { 1 } }], call));
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
            model.Functions.Add(new FunctionProto
            {
                Name = "F",
                Domain = "local",
                Input = { "a", "split", "axes" },
                Output = { "item", "rest" },
                OpsetImport = { new OperatorSetIdProto { Version = 17 } },
                Node =
                {
                    Make.Node("SplitToSequence", ["a", "split"], ["parts"], Make.Int("keepdims", 0)),
                    Make.Node("Constant", [], ["first"], Make.Int("value_int", 0)),
                    Make.Node("SequenceAt", ["parts", "first"], ["item"]),
                    given.Length == 0 ? Make.Node("Squeeze", ["a", "axes"], ["rest"]) : Make.Node("Identity", ["a"], ["rest"]),
                },
            });
            Assert.Equal((item, rest), (Infer.Facts(model).Of("y").ToString(), Infer.Facts(model).Of("z").ToString()));
        }
    }

    [Fact]
    public void Very_many_nodes_take_bounded_time_and_it_is_said()
    {
        ModelProto model = Make.Model(new GraphProto { Name = "chain", Input = { X }, Output = { new ValueInfoProto { Name = "v120000" } } });
        for (int i = 1; i <= 120_000; i++)
            model.Graph.Node.Add(new NodeProto { Name = "n" + i, OpType = "Relu", Input = { i == 1 ? "x" : "v" + (i - 1) }, Output = { "v" + i } });
        Core.Graph.OnnxModel read = Infer.Read(model);
        Stopwatch watch = Stopwatch.StartNew();
        GraphFacts facts = ShapeInference.Infer(read);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 60);
        Assert.Equal("float [N,4]", facts.Of("v100000").ToString());
        Assert.Equal(ValueKind.Unknown, facts.Of("v100001").Kind);
        Assert.Contains("100,000", Assert.Single(facts.Notes));
    }

    [Fact]
    public void Bodies_in_bodies_take_bounded_time()
    {
        // 131,072 bodies; fewer are gone through.
        Core.Graph.Node node = new("if", "If", "", ["c"], ["y"], []);
        Core.Graph.OnnxGraph graph = new() { Nodes = [new("relu", "Relu", "", ["x"], ["z"], [])], Outputs = [new("z", Core.Graph.OnnxType.Unknown.Instance)] };
        for (int i = 0; i < 17; i++)
        {
            Core.Graph.NodeAttribute then = new("then_branch", Core.Graph.AttributeKind.Graph) { Graphs = [graph] };
            Core.Graph.NodeAttribute otherwise = new("else_branch", Core.Graph.AttributeKind.Graph) { Graphs = [graph] };
            node = new("if", "If", "", ["c"], ["z"], [then, otherwise]);
            graph = new() { Nodes = [node], Outputs = graph.Outputs };
        }
        InferenceState state = new(new Core.Graph.OnnxModel());
        Stopwatch watch = Stopwatch.StartNew();
        new InferenceScope(state).InferBody(graph, []);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 60);
    }

    [Fact]
    public void Dimensions_that_cannot_be_are_unknown()
    {
        GraphFacts facts = Infer.Facts(17, [Infer.Input("x", 1, -5, 4)], [], Make.Node("Relu", ["x"], ["y"]));
        Assert.False(facts.Of("y").Shape![0].IsKnown);
        Assert.Equal(4, facts.Of("y").Shape![1].Value);
    }
}
