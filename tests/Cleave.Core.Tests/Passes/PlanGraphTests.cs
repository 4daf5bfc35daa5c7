using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Passes;
using Cleave.Core.Shapes;
using Cleave.OnnxProto;
using Google.Protobuf;
using Xunit;

namespace Cleave.Core.Tests.Passes;

/// <summary>What holds of roles and groups whatever a graph looks like.</summary>
public sealed class PlanGraphTests
{
    private const int Graphs = 150;

    [Fact]
    public void Groups_are_a_partition_of_the_nodes_that_run()
    {
        foreach (PlanGraph graph in Random())
        {
            Assert.Equal(
                Enumerable.Range(0, graph.Nodes.Count).Where(n => graph.Roles[n] is not (NodeRole.Dead or NodeRole.Constant)),
                graph.Groups.SelectMany(g => g.Nodes).Order());
            for (int g = 0; g < graph.Groups.Count; g++)
                Assert.All(graph.Groups[g].Nodes, n => Assert.Equal(g, graph.GroupOf[n]));
        }
    }

    [Fact]
    public void Each_group_stands_after_those_it_depends_on_so_each_is_convex()
    {
        foreach (PlanGraph graph in Random())
        {
            for (int g = 0; g < graph.Groups.Count; g++)
            {
                int[] read = [.. graph.Groups[g].Nodes.SelectMany(graph.Index.Reads).Select(graph.Index.Producer)
                    .Where(p => p >= 0 && graph.GroupOf[p] >= 0 && graph.GroupOf[p] != g).Select(p => graph.GroupOf[p]).Distinct().Order()];
                Assert.Equal(read, Enumerable.Range(0, graph.Groups.Count).Where(p => graph.Successors[p].Contains(g)));
                Assert.All(read, p => Assert.True(p < g));
                Assert.Equal(graph.Successors[g].Distinct().Order(), graph.Successors[g]);
            }
        }
    }

    // Whether ONNX Runtime runs the function or its own kernel is its choice: the node is kept for it to make.
    [Fact]
    public void A_function_called_like_an_operator_is_not_that_operator()
    {
        ModelProto proto = Make.Model(new GraphProto
        {
            Name = "main",
            Input = { Make.Value("x", 2, 4) },
            Output = { Make.Value("y", 2, 4), Make.Value("z", 2, 4) },
            Node = { Make.Node("Identity", ["x"], ["t"]), Make.Node("Softmax", ["t"], ["y"]), Make.Node("Exp", ["t"], ["z"]) },
        });
        Assert.Equal((NodeRole.PassThrough, 1), Found());
        proto.Functions.Add(new FunctionProto { Name = "Identity", Input = { "a" }, Output = { "b" }, OpsetImport = { new OperatorSetIdProto { Version = 17 } }, Node = { Make.Node("Neg", ["a"], ["b"]) } });
        Assert.Equal((NodeRole.Live, 0), Found());

        (NodeRole Role, int Cheap) Found()
        {
            PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(ByteSource.FromBytes(proto.ToByteArray()), CancellationToken.None)));
            return (graph.Roles[0], graph.CloneCandidates.Count);
        }
    }

    // What is removed could not be, where its value is asked for: whatever the file says.
    [Theory]
    [InlineData(true, "t", "z")]
    [InlineData(false, "z")]
    public void What_is_removed_goes_with_what_makes_its_value_where_that_is_asked_for(bool isAskedFor, params string[] outputs)
    {
        ModelProto proto = Make.Model(new GraphProto
        {
            Name = "main",
            Input = { Make.Value("x", 2, 4) },
            Output = { isAskedFor ? [Make.Value("z", 2, 4)] : new[] { Make.Value("t", 2, 4), Make.Value("z", 2, 4) } },
            Node = { Make.Node("Softmax", ["x"], ["a"]), Make.Node("Identity", ["a"], ["t"]), Make.Node("ReduceMax", ["t"], ["z"]) },
        });
        PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(ByteSource.FromBytes(proto.ToByteArray()), CancellationToken.None)), outputs);
        Assert.NotEqual(graph.GroupOf[0], graph.GroupOf[2]);
        Assert.Equal(graph.GroupOf[isAskedFor ? 0 : 2], graph.GroupOf[1]);
    }

    [Fact]
    public void A_node_of_very_many_inputs_takes_no_time()
    {
        string[] inputs = [.. Enumerable.Range(0, 60_000).Select(i => "a very long name of a value that another one has, too " + i)];
        ModelProto proto = Make.Model(new GraphProto { Name = "main", Output = { Make.Value("y", 120_000) }, Node = { Make.Node("Concat", inputs, ["y"], Make.Int("axis", 0)) } });
        proto.Graph.Input.Add(inputs.Select(name => Make.Value(name, 2)));
        GraphFacts facts = ShapeInference.Infer(ModelReader.Read(ByteSource.FromBytes(proto.ToByteArray()), CancellationToken.None));
        long start = Stopwatch.GetTimestamp();
        Assert.Single(PlanGraphBuilder.Build(facts).Groups);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 8);
    }

    [Fact]
    public void Exactly_what_the_outputs_need_runs()
    {
        foreach (PlanGraph graph in Random())
        {
            bool[] needed = graph.Index.NodesFor(graph.Outputs);
            for (int n = 0; n < needed.Length; n++)
            {
                Assert.Equal(needed[n], graph.Roles[n] != NodeRole.Dead);
                Assert.Equal(needed[n] && graph.Index.IsConstant(n), graph.Roles[n] == NodeRole.Constant);
            }
        }
    }

    [Fact]
    public void What_chosen_outputs_do_not_need_is_dead()
    {
        // Two towers on one input; one is asked for.
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "towers",
            Input = { Make.Value("x", 1, 4) },
            Output = { Make.Value("left", 1, 4), Make.Value("right", 1, 4) },
            Node = { Make.Node("Neg", ["x"], ["a"]), Make.Node("Abs", ["a"], ["left"]), Make.Node("Exp", ["x"], ["b"]), Make.Node("Log", ["b"], ["right"]) },
        });

        Assert.Equal([NodeRole.Live, NodeRole.Live, NodeRole.Dead, NodeRole.Dead], Plan(model, "left").Roles);
        Assert.Equal([NodeRole.Live, NodeRole.Dead, NodeRole.Live, NodeRole.Live], Plan(model, "a", "right").Roles);
    }

    [Fact]
    public void Arithmetic_on_fixed_dimensions_is_foldable_and_not_on_named_ones()
    {
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "shapes",
            Input = { Make.Value("x", 2, 3) },
            Output = { Make.Value("y") },
            Initializer = { new TensorProto { Name = "one", DataType = 7, Dims = { 1 }, RawData = ByteString.CopyFrom(BitConverter.GetBytes(1L)) } },
            Node = { Make.Node("Shape", ["x"], ["shape"]), Make.Node("Gather", ["shape", "one"], ["size"]), Make.Node("ConstantOfShape", ["size"], ["y"]) },
        });

        Assert.Equal([NodeRole.Foldable, NodeRole.Foldable], Plan(model, "shape", "size").Roles.Take(2));

        model.Graph.Input[0].Type.TensorType.Shape.Dim[1] = new TensorShapeProto.Types.Dimension { DimParam = "n" };
        Assert.Equal([NodeRole.Live, NodeRole.Live], Plan(model, "shape", "size").Roles.Take(2));
    }

    [Fact]
    public void Cheap_makers_of_shared_values_may_be_cloned()
    {
        // A mask that two layers read.
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "mask",
            Input = { Make.Value("mask", 1, 8), Make.Value("a", 64, 64, 64), Make.Value("b", 64, 64, 64) },
            Output = { Make.Value("y", 64, 64, 64), Make.Value("z", 64, 64, 64) },
            Node =
            {
                Make.Node("Neg", ["mask"], ["negative"]),
                Make.Node("Exp", ["a"], ["big"]),
                Make.Node("Max", ["big", "negative"], ["y"]),
                Make.Node("Min", ["b", "negative"], ["c"]),
                Make.Node("Sum", ["big", "c"], ["z"]),
            },
        });
        CloneCandidate candidate = Assert.Single(Plan(model, "y", "z").CloneCandidates);

        Assert.Equal("negative", candidate.Value);
        Assert.Equal([0], candidate.Nodes);
    }

    [Fact]
    public void What_two_dequantised_values_are_read_by_is_in_order()
    {
        // From the left one behind it to the last one, which reads what the one beside does, and from that one to the right one.
        ModelProto model = Make.Model(new GraphProto
        {
            Name = "quantised",
            Input = { Make.Typed("p", 2, 1, 4), Make.Typed("q", 2, 1, 4) },
            Output = { Make.Value("right", 1, 4), Make.Value("last", 1, 4) },
            Initializer = { Make.Floats("scale", [], 0.1f) },
            Node =
            {
                Make.Node("DequantizeLinear", ["p", "scale"], ["first"]),
                Make.Node("DequantizeLinear", ["q", "scale"], ["second"]),
                Make.Node("Tan", ["second"], ["left"]),
                Make.Node("Tan", ["first"], ["beside"]),
                Make.Node("Min", ["second", "beside"], ["right"]),
                Make.Node("Tan", ["left"], ["behind"]),
                Make.Node("Min", ["first", "behind"], ["last"]),
            },
        });
        PlanGraph graph = Plan(model, "right", "last");
        for (int g = 0; g < graph.Groups.Count; g++)
            Assert.All(graph.Groups[g].Nodes.SelectMany(graph.Index.Reads).Select(graph.Index.Producer).Where(static p => p >= 0), p => Assert.True(graph.GroupOf[p] <= g));
    }

    [Fact]
    public void Very_many_blocks_on_one_stream_are_grouped_in_bounded_time()
    {
        GraphProto graph = new()
        {
            Name = "stream",
            Input = { Make.Value("x", 1, 16, 4, 4) },
            Output = { Make.Value("y", 1, 16, 4, 4) },
            Initializer = { Make.Floats("w", [16, 16, 1, 1], new float[256]) },
            Node = { Make.Node("Conv", ["x", "w"], ["s0"]) },
        };
        const int Blocks = 3000;
        for (int block = 0; block < Blocks; block++)
        {
            graph.Node.Add(Make.Node("Conv", ["s" + block, "w"], ["c" + block]));
            graph.Node.Add(Make.Node("Add", ["s" + block, "c" + block], [block == Blocks - 1 ? "y" : "s" + (block + 1)]));
        }
        byte[] bytes = Make.Model(graph).ToByteArray();
        GraphFacts facts = ShapeInference.Infer(ModelReader.Read(ByteSource.FromBytes(bytes), CancellationToken.None));
        Stopwatch watch = Stopwatch.StartNew();
        PlanGraphBuilder.Build(facts);
        // Generous: following the stream back to its beginning at every block took longer.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(8), watch.Elapsed.ToString());
    }

    private static IEnumerable<PlanGraph> Random() =>
        Enumerable.Range(0, Graphs).Select(seed => RandomGraphs.Plan(RandomGraphs.Make(seed, 10 + (seed % 60))));

    private static PlanGraph Plan(ModelProto model, params string[] outputs)
    {
        byte[] bytes = model.ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        OnnxModel read = ModelReader.Read(source, CancellationToken.None);
        return PlanGraphBuilder.Build(ShapeInference.Infer(read), outputs);
    }
}
