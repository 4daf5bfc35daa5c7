using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Passes;
using Cleave.Core.Schedule;
using Cleave.Core.Shapes;
using Cleave.Core.Tests.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Xunit;
using RecurrentModel = Cleave.TestKit.Synthetic.Recurrent;

namespace Cleave.Core.Tests.Recurrent;

/// <summary>Recurrent nodes taken apart give what they gave whole, in ONNX Runtime.</summary>
public sealed class RecurrentRewriterTests
{
    private const float Tolerance = 1e-6f;

    public static TheoryData<string, string, int, int> Cases
    {
        get
        {
            TheoryData<string, string, int, int> cases = [];
            foreach (string cell in new[] { "LSTM", "GRU", "RNN" })
            {
                foreach (string shape in new[] { "stacked", "two nodes", "both ways" })
                {
                    foreach ((int steps, int chunks) in new[] { (16, 4), (13, 5), (6, 1), (9, 3) })
                        cases.Add(cell, shape, steps, chunks);
                }
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void What_was_taken_apart_gives_the_same(string cell, string shape, int steps, int chunks)
    {
        byte[] bytes = Model(cell, shape, steps).ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        OnnxModel rewritten = RecurrentRewriter.Apply(model, Splits(model, steps, chunks));
        SubModel whole = new SubModelWriter(rewritten, source, null).Write(Slices.Whole(rewritten), WeightMode.Copy);
        AssertEqual(bytes, inputs => Run(whole.Bytes, inputs));
    }

    [Theory]
    [InlineData("LSTM", "both ways", "Sigmoid Tanh Tanh Sigmoid Softsign Relu")]
    [InlineData("LSTM", "stacked", "Sigmoid Softsign Relu")]
    [InlineData("GRU", "both ways", "Sigmoid Tanh Sigmoid Relu")]
    [InlineData("RNN", "both ways", "Tanh Relu")]
    [InlineData("LSTM", "both ways", "peepholes")]
    [InlineData("LSTM", "stacked", "peepholes")]
    [InlineData("LSTM", "both ways", "clip")]
    [InlineData("GRU", "stacked", "clip")]
    [InlineData("RNN", "stacked", "parameters")]
    [InlineData("GRU", "stacked", "reset first")]
    [InlineData("GRU", "both ways", "reset first")]
    [InlineData("LSTM", "stacked", "coupled")]
    [InlineData("LSTM", "both ways", "coupled")]
    public void What_layers_have_beside_their_weights_is_kept(string cell, string shape, string special)
    {
        ModelProto proto = Model(cell, shape, 16);
        foreach (NodeProto layer in proto.Graph.Node.Where(n => n.OpType == cell))
        {
            if (special == "peepholes")
            {
                string name = layer.Output[0] + "/peepholes";
                layer.Input.Add(name);
                proto.Graph.Initializer.Add(Make.RandomFloats(name, 5, shape == "both ways" ? 2 : 1, 3 * 16));
            }
            else if (special == "reset first")
            {
                layer.Attribute.Single(a => a.Name == "linear_before_reset").I = 0;
            }
            else if (special == "coupled")
            {
                layer.Attribute.Add(Make.Int("input_forget", 1));
            }
            else if (special == "clip")
            {
                layer.Attribute.Add(new AttributeProto { Name = "clip", Type = AttributeProto.Types.AttributeType.Float, F = 0.15f });
            }
            else
            {
                string[] functions = special == "parameters" ? ["LeakyRelu"] : special.Split(' ');
                layer.Attribute.Add(new AttributeProto { Name = "activations", Type = AttributeProto.Types.AttributeType.Strings, Strings = { functions.Select(ByteString.CopyFromUtf8) } });
                if (special == "parameters")
                    layer.Attribute.Add(new AttributeProto { Name = "activation_alpha", Type = AttributeProto.Types.AttributeType.Floats, Floats = { 0.3f } });
            }
        }
        byte[] bytes = proto.ToByteArray(), plain = Model(cell, shape, 16).ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        RecurrentSplit[] splits = Splits(model, 16, 4);
        Assert.NotEmpty(splits);
        OnnxModel rewritten = RecurrentRewriter.Apply(model, splits);
        SubModel whole = new SubModelWriter(rewritten, source, null).Write(Slices.Whole(rewritten), WeightMode.Copy);
        AssertEqual(bytes, inputs => Run(whole.Bytes, inputs));
        // It makes a difference.
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => AssertEqual(plain, inputs => Run(whole.Bytes, inputs)));
    }

    [Theory]
    [InlineData("LSTM", "stacked", 16, 4)]
    [InlineData("LSTM", "both ways", 16, 4)]
    [InlineData("GRU", "two nodes", 13, 5)]
    [InlineData("GRU", "both ways", 6, 1)]
    [InlineData("RNN", "both ways", 9, 3)]
    public void The_state_before_the_first_step_is_that_of_the_layer_and_the_direction(string cell, string shape, int steps, int chunks)
    {
        foreach (bool isConstant in new[] { true, false })
        {
            ModelProto proto = Model(cell, shape, steps);
            byte[] bytes = (isConstant ? RecurrentStates.Constant(proto) : RecurrentStates.Given(proto)).ToByteArray();
            using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
            OnnxModel model = ModelReader.Read(source, CancellationToken.None);
            RecurrentSplit[] splits = Splits(model, steps, chunks);
            foreach (int of in new[] { RecurrentSplit.None, splits[0].Node })
            {
                OnnxModel rewritten = RecurrentRewriter.Apply(model, [.. splits.Select(s => s with { StateOf = s.Chunks > 1 && shape != "both ways" ? of : RecurrentSplit.None })]);
                AssertEqual(bytes, inputs => Run(new SubModelWriter(rewritten, source, null).Write(Slices.Whole(rewritten), WeightMode.Copy).Bytes, inputs));
            }
        }
    }

    [Theory]
    [InlineData("LSTM", "stacked")]
    [InlineData("GRU", "both ways")]
    [InlineData("RNN", "two nodes")]
    public void Any_number_of_samples_gives_the_same(string cell, string shape)
    {
        const int steps = 13;
        foreach (string state in new[] { "made", "given", "none" })
        {
            ModelProto proto = Model(cell, shape, steps, anyBatch: true);
            if (state == "given")
                RecurrentStates.Given(proto);
            foreach (NodeProto node in proto.Graph.Node.Where(n => n.OpType == cell && state == "none"))
            {
                for (int i = RecurrentNode.InitialH; i < node.Input.Count; i++)
                    node.Input[i] = "";
            }
            byte[] bytes = proto.ToByteArray();
            using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
            OnnxModel model = ModelReader.Read(source, CancellationToken.None);
            RecurrentSplit[] splits = Splits(model, steps, 4);
            OnnxModel rewritten = RecurrentRewriter.Apply(model, [.. splits.Select(s => s with { StateOf = shape == "both ways" ? RecurrentSplit.None : splits[0].Node })]);
            byte[] whole = new SubModelWriter(rewritten, source, null).Write(Slices.Whole(rewritten), WeightMode.Copy).Bytes;
            foreach (int samples in new[] { 1, 3 })
                AssertEqual(bytes, inputs => Run(whole, inputs), samples);
        }
    }

    [Fact]
    public void Two_directions_whose_functions_have_parameters_stay_one_node()
    {
        ModelProto proto = Model("RNN", "both ways", 16);
        foreach (NodeProto layer in proto.Graph.Node.Where(n => n.OpType == "RNN"))
            layer.Attribute.Add(new AttributeProto { Name = "activation_alpha", Type = AttributeProto.Types.AttributeType.Floats, Floats = { 0.3f } });
        Assert.Empty(Candidates(proto, 4));
    }

    [Fact]
    public void A_constant_beside_the_steps_has_all_of_them_and_is_joined_to_all()
    {
        const int steps = 16, positions = 3;
        ModelProto proto = Model("LSTM", "stacked", steps);
        NodeProto second = proto.Graph.Node.Last(n => n.OpType == "LSTM");
        NodeProto join = Make.Node("Concat", [second.Input[0], "positions"], ["with positions"], Make.Int("axis", 2));
        long units = proto.Graph.Initializer.Single(w => w.Name == second.Input[1]).Dims[1], size = proto.Graph.Initializer.Single(w => w.Name == second.Input[1]).Dims[2];
        proto.Graph.Initializer.Add([Make.RandomFloats("positions", 3, steps, 1, positions), Make.RandomFloats("wider", 4, 1, (int)units, (int)size + positions)]);
        (second.Input[0], second.Input[1]) = (join.Output[0], "wider");
        proto.Graph.Node.Insert(proto.Graph.Node.IndexOf(second), join);
        byte[] bytes = proto.ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        OnnxModel rewritten = RecurrentRewriter.Apply(model, Splits(model, steps, 4));
        Assert.Equal(8, rewritten.Graph.Nodes.Count(n => n.OpType == "LSTM"));
        AssertEqual(bytes, inputs => Run(new SubModelWriter(rewritten, source, null).Write(Slices.Whole(rewritten), WeightMode.Copy).Bytes, inputs));
    }

    [Theory]
    [InlineData("LSTM", "stacked")]
    [InlineData("GRU", "stacked")]
    [InlineData("LSTM", "both ways")]
    [InlineData("RNN", "two nodes")]
    public void Segments_of_what_was_taken_apart_give_the_same(string cell, string shape)
    {
        byte[] bytes = Model(cell, shape, 16, layers: 3).ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        OnnxModel rewritten = RecurrentRewriter.Apply(model, Splits(model, 16, 4));
        PlanGraph graph = PlanGraphBuilder.Build(ShapeInference.Infer(rewritten));
        BudgetTable table = Planner.Plan(new SizedGraph(graph, static _ => 1), new CostModel(DeviceTables.Baked), new PlanOptions { Cores = [2], Mode = PlanMode.Split });
        ExecutionPlan plan = table.Rows[^1].Chosen.Plan;
        Assert.True(plan.Lanes.Count == 2, "nothing runs side by side");
        SubModelWriter writer = new(rewritten, source, null);
        AssertEqual(bytes, inputs =>
        {
            Dictionary<string, NamedOnnxValue> values = inputs.ToDictionary(i => i.Name);
            foreach (PlanSegment segment in plan.Segments)
            {
                SubModel part = writer.Write(new SegmentRequest(segment.Name, segment.Nodes, segment.Reads, segment.Writes) { Cloned = segment.Cloned, Types = Types(graph) }, WeightMode.Copy);
                foreach ((string name, NamedOnnxValue value) in Run(part.Bytes, [.. segment.Reads.Select(r => values[r])]))
                    values[name] = value;
            }
            return values;
        });
    }

    [Fact]
    public void A_layer_reads_the_chunks_of_the_one_before_it_not_their_concatenation()
    {
        byte[] bytes = Model("LSTM", "stacked", 16, layers: 4).ToByteArray();
        OnnxModel model = ModelReader.Read(ByteSource.FromBytes(bytes, 0, bytes.Length), CancellationToken.None);
        OnnxModel rewritten = RecurrentRewriter.Apply(model, Splits(model, 16, 8));
        GraphIndex index = new(rewritten);
        int[] depth = new int[rewritten.Graph.Nodes.Count];
        foreach (int node in index.Order)
        {
            foreach (string read in index.Reads(node))
                depth[node] = Math.Max(depth[node], index.Producer(read) is >= 0 and var p ? depth[p] : 0);
            depth[node] += rewritten.Graph.Nodes[node].OpType == "LSTM" ? 1 : 0;
        }
        // A wavefront: eight chunks through four layers take eleven steps, not thirty-two.
        Assert.Equal(11, depth.Max());
        Assert.Equal(32, rewritten.Graph.Nodes.Count(n => n.OpType == "LSTM"));
    }

    [Theory]
    [InlineData("LSTM", "stacked")]
    [InlineData("GRU", "both ways")]
    [InlineData("RNN", "two nodes")]
    public void Sizes_and_work_are_known_as_before(string cell, string shape)
    {
        byte[] bytes = Model(cell, shape, 64).ToByteArray();
        OnnxModel model = ModelReader.Read(ByteSource.FromBytes(bytes, 0, bytes.Length), CancellationToken.None);
        double whole = Time(model), divided = Time(RecurrentRewriter.Apply(model, Splits(model, 64, 4)));
        // So small, what each node costs beside its steps is half of it; with sizes unknown nothing would be left.
        Assert.InRange(divided, whole * 0.8, whole * 2.5);

        static double Time(OnnxModel model)
        {
            SizedGraph graph = new(PlanGraphBuilder.Build(ShapeInference.Infer(model)), static _ => 1);
            Assert.Equal(1, graph.KnownPart());
            return new GraphCost(graph, new CostModel(DeviceTables.Baked)).Whole(1);
        }
    }

    [Fact]
    public void The_same_model_and_splits_give_the_same_nodes()
    {
        byte[] bytes = Model("GRU", "both ways", 12).ToByteArray();
        string One()
        {
            OnnxModel model = ModelReader.Read(ByteSource.FromBytes(bytes, 0, bytes.Length), CancellationToken.None);
            return string.Join("\n", RecurrentRewriter.Apply(model, Splits(model, 12, 3)).Graph.Nodes.Select(n => n.OpType + " " + string.Join(",", n.Inputs) + " -> " + string.Join(",", n.Outputs)));
        }
        Assert.Equal(One(), One());
    }

    [Fact]
    public void Names_that_a_model_has_already_are_not_used_again()
    {
        ModelProto proto = Model("RNN", "stacked", 6);
        string taken = proto.Graph.Node.First(n => n.OpType == "RNN").Input[0] + "/chunk 0";
        proto.Graph.Node.Add(new NodeProto { OpType = "Neg", Name = "n", Input = { "input" }, Output = { taken } });
        byte[] bytes = proto.ToByteArray();
        OnnxModel model = ModelReader.Read(ByteSource.FromBytes(bytes, 0, bytes.Length), CancellationToken.None);
        string[] names = [.. RecurrentRewriter.Apply(model, Splits(model, 6, 2)).Graph.Nodes.SelectMany(n => n.Outputs).Where(o => o.Length > 0)];
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Theory]
    [InlineData("LSTM", "stacked")]
    [InlineData("GRU", "both ways")]
    [InlineData("RNN", "two nodes")]
    public void Nodes_of_a_model_without_names_get_different_ones(string cell, string shape)
    {
        ModelProto proto = Model(cell, shape, 16, layers: 3);
        foreach (NodeProto node in proto.Graph.Node)
            node.Name = "";
        AssertNodesDiffer(proto);
    }

    [Fact]
    public void Names_that_nodes_have_already_are_not_used_again()
    {
        ModelProto proto = Model("RNN", "stacked", 16);
        NodeProto layer = proto.Graph.Node.First(n => n.OpType == "RNN"), squeeze = proto.Graph.Node.First(n => n.OpType == "Squeeze");
        foreach (string taken in new[] { layer.Name + "/forward/chunk 0", squeeze.Name + "/chunk 1", layer.Input[0] + "/chunk 2", layer.Output[0] })
        {
            proto.Graph.Node.Add(new NodeProto { OpType = "Neg", Name = taken, Input = { "input" }, Output = { "negative " + taken } });
            proto.Graph.Output.Add(Make.Value("negative " + taken, 1, 16, 16));
        }
        AssertNodesDiffer(proto);
    }

    // ONNX Runtime refuses two of one name.
    private static void AssertNodesDiffer(ModelProto proto)
    {
        byte[] bytes = proto.ToByteArray();
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        OnnxModel model = ModelReader.Read(source, CancellationToken.None);
        OnnxModel rewritten = RecurrentRewriter.Apply(model, Splits(model, 16, 4));
        string[] names = [.. rewritten.Graph.Nodes.Select(n => n.Name).Where(n => n.Length > 0)];
        Assert.Equal(names.Distinct(), names);
        AssertEqual(bytes, inputs => Run(new SubModelWriter(rewritten, source, null).Write(Slices.Whole(rewritten), WeightMode.Copy).Bytes, inputs));
    }

    [Fact]
    public void What_cannot_be_divided_so_is_refused()
    {
        byte[] bytes = Model("LSTM", "stacked", 6).ToByteArray();
        OnnxModel model = ModelReader.Read(ByteSource.FromBytes(bytes, 0, bytes.Length), CancellationToken.None);
        int lstm = Enumerable.Range(0, model.Graph.Nodes.Count).First(i => model.Graph.Nodes[i].OpType == "LSTM");
        foreach (RecurrentSplit wrong in new RecurrentSplit[] { new(-1, 6, 2), new(999, 6, 2), new(0, 6, 2), new(lstm, 6, 7), new(lstm, 6, 0) })
            Assert.Equal(Rules.SegmentRefused.Id, Assert.Throws<ModelException>(() => RecurrentRewriter.Apply(model, [wrong])).Problem.Rule.Id);
    }

    [Fact]
    public void Only_what_has_a_fixed_number_of_steps_and_something_beside_it_is_taken_apart()
    {
        Assert.Equal(4, Candidates(Model("LSTM", "stacked", 64, layers: 4), 8).Count);
        Assert.Equal(2, Candidates(Model("GRU", "both ways", 64), 8).Count);
        Assert.Empty(Candidates(Model("LSTM", "stacked", 64, layers: 1), 8));
        Assert.Empty(Candidates(Model("LSTM", "stacked", 12), 8));
        Assert.Empty(Candidates(new RecurrentModel("LSTM", 4, 16).Stacked(), 8));
    }

    private static IReadOnlyList<RecurrentSplit> Candidates(ModelProto proto, int chunks)
    {
        byte[] bytes = proto.ToByteArray();
        return RecurrentCandidates.Of(PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(ByteSource.FromBytes(bytes, 0, bytes.Length), CancellationToken.None))), chunks);
    }

    private static ModelProto Model(string cell, string shape, int steps, int layers = 2, bool anyBatch = false)
    {
        RecurrentModel model = new(cell, layers, 16, steps, anyBatch);
        return shape switch { "stacked" => model.Stacked(), "two nodes" => model.Bidirectional(), _ => model.BothWays() };
    }

    private static RecurrentSplit[] Splits(OnnxModel model, int steps, int chunks) =>
        [.. Enumerable.Range(0, model.Graph.Nodes.Count).Where(i => RecurrentNode.CanBeSplit(model.Graph.Nodes[i])).Select(i => new RecurrentSplit(i, steps, chunks))];

    private static Dictionary<string, OnnxType.Tensor> Types(PlanGraph graph) => graph.Facts.Values.Where(v => v.Value.Element != ElementType.Undefined)
        .ToDictionary(v => v.Key, v => new OnnxType.Tensor(v.Value.Element, null), StringComparer.Ordinal);

    private static void AssertEqual(byte[] model, Func<NamedOnnxValue[], Dictionary<string, NamedOnnxValue>> run, int samples = 1)
    {
        using InferenceSession session = Ort.Open(model);
        NamedOnnxValue[] inputs = [.. Ort.RandomInputs(session, 3, (_, _) => samples).Values];
        Dictionary<string, NamedOnnxValue> expected = Ort.Run(session, inputs), actual = run(inputs);
        foreach ((string name, NamedOnnxValue value) in expected)
        {
            Tensor<float> wanted = value.AsTensor<float>(), got = actual[name].AsTensor<float>();
            Assert.Equal(wanted.Dimensions.ToArray(), got.Dimensions.ToArray());
            Assert.All(wanted.Zip(got), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= Tolerance));
        }
    }

    private static Dictionary<string, NamedOnnxValue> Run(byte[] model, NamedOnnxValue[] inputs)
    {
        using InferenceSession session = Ort.Open(model);
        return Ort.Run(session, inputs);
    }
}
