using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
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

/// <summary>Stacks of recurrent layers on lanes in time chunks: when they are planned so, that one session runs all chunks of a lane, and that results are those of the model.</summary>
public sealed class WavefrontTests
{
    private const float Tolerance = 1e-6f;

    [Theory]
    [InlineData(128)]
    [InlineData(256)]
    public void Where_it_pays_a_stack_is_planned_in_chunks(int width)
    {
        PlanGraph graph = Read(new RecurrentModel("LSTM", 4, width, 64).Stacked().ToByteArray());
        BudgetTable table = Table(graph, PlanMode.Auto, Unshared);
        Assert.Null(table.Rows[0].Chosen.Rewritten);
        BudgetRow two = table.Rows.Single(r => r.Cores == 2);
        Assert.NotNull(two.Chosen.Rewritten);
        Assert.Equal([1, 1], two.Chosen.Threads);
        Assert.Contains("4 recurrent layers in ", two.Why, StringComparison.Ordinal);
        Assert.True(two.Chosen.Nanoseconds * (1 + PlanOptions.Margin) <= two.Whole.Nanoseconds);
        Assert.Contains(two.Chosen.Plan, table.Plans);
        Assert.Equal(table.Rows.Select(r => r.Chosen.Plan.Key), Table(graph, PlanMode.Auto, Unshared).Rows.Select(r => r.Chosen.Plan.Key));
        // A lane's chunks in one session, and what is before and after them in one each.
        IReadOnlyList<SharedSegment> shared = SharedSegments.Of(new GraphIndex(two.Chosen.Rewritten.Graph.Graph.Model), Requests(two.Chosen));
        Assert.Equal(4, shared.Select(s => s.Of).Distinct().Count());
    }

    [Fact]
    public void What_gains_nothing_and_what_is_to_stay_whole_is_not_taken_apart()
    {
        Assert.All(Table(Read(new RecurrentModel("LSTM", 1, 256, 64).Stacked().ToByteArray()), PlanMode.Auto).Rows, r => Assert.Null(r.Chosen.Rewritten));
        Assert.All(Table(Read(new RecurrentModel("RNN", 2, 8, 16).Stacked().ToByteArray()), PlanMode.Auto).Rows, r => Assert.Null(r.Chosen.Rewritten));
        Assert.All(Table(Read(new RecurrentModel("LSTM", 4, 256, 64).Stacked().ToByteArray()), PlanMode.Whole).Rows, r => Assert.Null(r.Chosen.Rewritten));
        // How many steps there are must be known.
        Assert.All(Table(Read(new RecurrentModel("LSTM", 4, 256).Stacked().ToByteArray()), PlanMode.Split).Rows, r => Assert.Null(r.Chosen.Rewritten));
    }

    [Fact]
    public void A_split_that_is_asked_for_takes_a_stack_apart_whatever_that_costs()
    {
        // Without the last states, nothing is side by side but chunks.
        ModelProto proto = Varied(new RecurrentModel("RNN", 2, 8, 16).Stacked(), "forward", "constant");
        proto.Graph.Output.Remove(proto.Graph.Output.Single(o => o.Name == "h_n"));
        proto.Graph.Node.Remove(proto.Graph.Node.Single(n => n.OpType == "Concat" && n.Output[0] == "h_n"));
        BudgetTable table = Table(Read(proto.ToByteArray()), PlanMode.Split);
        Assert.Null(table.Rows[0].Chosen.Rewritten);
        Assert.All(table.Rows.Skip(1), r => Assert.NotNull(r.Chosen.Rewritten));
        Assert.All(table.Rows.Skip(1), r => Assert.StartsWith("asked for; 0.", r.Why, StringComparison.Ordinal));
    }

    [Fact]
    public void A_stack_whose_products_two_threads_share_as_well_stays_whole()
    {
        PlanGraph graph = Read(new RecurrentModel("LSTM", 4, 256, 64).Stacked().ToByteArray());

        Assert.Null(Table(graph, PlanMode.Auto).Rows.Single(r => r.Cores == 2).Chosen.Rewritten);
    }

    [Fact]
    public void A_bidirectional_node_is_planned_in_its_two_directions()
    {
        BudgetRow two = Table(Read(new RecurrentModel("LSTM", 2, 256, 64).BothWays().ToByteArray()), PlanMode.Auto, Unshared).Rows.Single(r => r.Cores == 2);
        Assert.All(two.Chosen.Rewritten!.Splits, s => Assert.Equal(1, s.Chunks));
        Assert.Contains("2 recurrent nodes in their two directions", two.Why, StringComparison.Ordinal);
        Assert.True(two.Chosen.Nanoseconds * (1 + PlanOptions.Margin) <= two.Whole.Nanoseconds);
    }

    public static TheoryData<string, string, string, int, int> Cases
    {
        get
        {
            TheoryData<string, string, string, int, int> cases = [];
            foreach (string cell in new[] { "LSTM", "GRU", "RNN" })
            {
                foreach (string state in new[] { "constant", "made", "none", "one for all" })
                {
                    cases.Add(cell, "forward", state, 16, 4);
                    cases.Add(cell, "reverse", state, 16, 4);
                }
                // Chunks of two lengths.
                cases.Add(cell, "forward", "made", 18, 4);
                cases.Add(cell, "reverse", "constant", 18, 4);
                cases.Add(cell, "reverse", "none", 11, 3);
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Chunks_of_a_lane_run_in_one_session_and_give_what_the_model_gives(string cell, string direction, string state, int steps, int chunks)
    {
        byte[] bytes = Varied(new RecurrentModel(cell, 3, 16, steps).Stacked(), direction, state).ToByteArray();
        PlanGraph graph = Read(bytes);
        IReadOnlyList<RecurrentSplit> splits = RecurrentCandidates.Stack(graph, chunks);
        Assert.Equal(3, splits.Count);
        RewrittenModel rewritten = RecurrentRewriter.Rewrite(graph.Model, [.. splits]);
        Assert.Equal(rewritten.Model.Graph.Nodes.Count, rewritten.Origins.Count);
        PlanUnits units = PlanUnits.Of(PlanGraphBuilder.Build(ShapeInference.Infer(rewritten.Model)));
        Wavefront wavefront = Wavefront.Find(units, rewritten.Origins, direction == "reverse")!;
        double[] times = [.. Enumerable.Repeat(1.0, units.Tasks.Count)];
        for (int lanes = 1; lanes <= 3; lanes++)
        {
            ExecutionPlan plan = PlanBuilder.Build(units, wavefront.Segments(times, lanes));
            Assert.Equal(lanes, plan.Lanes.Count);
            // No lane waits for ever.
            Simulator.Run(plan.Lanes, [.. plan.Segments.Select(_ => 1.0)], handOff: 1);
            IReadOnlyList<SegmentRequest> requests = Requests(units.Graph, plan);
            IReadOnlyList<SharedSegment> shared = SharedSegments.Of(new GraphIndex(rewritten.Model), requests);
            int lengths = steps % chunks == 0 ? 1 : 2;
            Assert.InRange(shared.Select(s => s.Of).Distinct().Count(), 1, (lanes * lengths) + 2);
            Same(bytes, graph.Model, inputs => Run(rewritten.Model, bytes, requests, shared, inputs));
        }
    }

    [Fact]
    public void What_needs_all_steps_between_two_layers_ends_the_wavefront()
    {
        ModelProto proto = new RecurrentModel("GRU", 2, 16, 16).Stacked();
        NodeProto second = proto.Graph.Node.Last(n => n.OpType == "GRU");
        string between = second.Input[0];
        second.Input[0] = "soft";
        proto.Graph.Node.Insert(proto.Graph.Node.IndexOf(second), new NodeProto { OpType = "Softmax", Name = "soft", Input = { between }, Output = { "soft" }, Attribute = { new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = 0 } } });
        PlanGraph graph = Read(proto.ToByteArray());
        RewrittenModel rewritten = RecurrentRewriter.Rewrite(graph.Model, [.. RecurrentCandidates.Stack(graph, 4)]);
        Assert.Null(Wavefront.Find(PlanUnits.Of(PlanGraphBuilder.Build(ShapeInference.Infer(rewritten.Model))), rewritten.Origins, isReverse: false));
        Assert.All(Table(graph, PlanMode.Split).Rows, r => Assert.Null(r.Chosen.Rewritten));
    }

    [Fact]
    public void Segments_with_other_weights_or_sizes_share_nothing()
    {
        byte[] bytes = new RecurrentModel("LSTM", 2, 16, 16).Stacked().ToByteArray();
        PlanGraph graph = Read(bytes);
        RewrittenModel rewritten = RecurrentRewriter.Rewrite(graph.Model, [.. RecurrentCandidates.Stack(graph, 4)]);
        PlanUnits units = PlanUnits.Of(PlanGraphBuilder.Build(ShapeInference.Infer(rewritten.Model)));
        ExecutionPlan plan = PlanBuilder.Build(units, Wavefront.Find(units, rewritten.Origins, isReverse: false)!.Segments([.. Enumerable.Repeat(1.0, units.Tasks.Count)], 2));
        SegmentRequest[] requests = [.. Requests(units.Graph, plan)];
        int[] before = [.. SharedSegments.Of(new GraphIndex(rewritten.Model), requests).Select(s => s.Of)];
        for (int i = 0; i < before.Length; i++)
            Assert.Equal(plan.Segments[i].Nodes.Any(n => rewritten.Model.Graph.Nodes[n].OpType == "LSTM"), before.Count(o => o == before[i]) > 1);
        // A chunk of another length is another session's.
        int moved = Enumerable.Range(0, before.Length).First(i => before[i] != i);
        string read = requests[moved].Reads[0];
        requests[moved] = requests[moved] with
        {
            Types = requests[moved].Types!.ToDictionary(t => t.Key, t => t.Key == read ? new OnnxType.Tensor(t.Value.Element, [Dimension.Fixed(99), .. t.Value.Shape!.Skip(1)]) : t.Value),
        };
        Assert.Equal(moved, SharedSegments.Of(new GraphIndex(rewritten.Model), requests)[moved].Of);
    }

    [Fact]
    public void Splits_are_written_as_text_and_read_again()
    {
        RecurrentSplit[] splits = [new(4, 64, 8) { StateOf = 4 }, new(9, 64, 8) { StateOf = 4 }, new(12, 3, 1)];
        Assert.Equal("4:64/8:4 9:64/8:4 12:3/1", RecurrentSplits.Write(splits));
        Assert.Equal(splits, RecurrentSplits.Read(RecurrentSplits.Write(splits)));
        Assert.Empty(RecurrentSplits.Read(""));
        foreach (string wrong in new[] { "4", "4:64", "4:64/8:", "4:64/8:1:1", "-4:64/8", "4:64/99999999999", "a:b/c", "4:64/8,9:64/8" })
            Assert.Throws<FormatException>(() => RecurrentSplits.Read(wrong));
    }

    private static BudgetTable Table(PlanGraph graph, PlanMode mode, DeviceTable? device = null) =>
        RecurrentPlanner.Plan(graph, PlanDimensions.Of(graph, new Dictionary<string, long>()), new CostModel(device ?? DeviceTables.Baked), new PlanOptions { Mode = mode });

    // A device on which a second thread gains an operator nothing: only lanes do.
    private static DeviceTable Unshared => new()
    {
        Name = "unshared",
        Block = DeviceTables.Baked.Block,
        Calls = [DeviceTables.Baked.Call(1)],
        HandOff = DeviceTables.Baked.HandOff,
        Threads = [1],
        Points = [.. DeviceTables.Baked.Points.Select(p => p with { Nanoseconds = [p.Nanoseconds[0]] })],
    };

    private static PlanGraph Read(byte[] bytes) =>
        PlanGraphBuilder.Build(ShapeInference.Infer(ModelReader.Read(ByteSource.FromBytes(bytes, 0, bytes.Length), CancellationToken.None)));

    private static ModelProto Varied(ModelProto proto, string direction, string state)
    {
        foreach (NodeProto node in proto.Graph.Node.Where(n => n.OpType is "LSTM" or "GRU" or "RNN"))
        {
            node.Attribute.First(a => a.Name == "direction").S = ByteString.CopyFromUtf8(direction);
            for (int i = RecurrentNode.InitialH; i < node.Input.Count && state is ("none" or "one for all"); i++)
                node.Input[i] = state == "none" ? "" : "given";
        }
        if (state == "one for all")
            proto.Graph.Input.Add(new ValueInfoProto { Name = "given", Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1, Shape = new TensorShapeProto { Dim = { Of(1), Of(1), Of(16) } } } } });
        return state == "constant" ? RecurrentStates.Constant(proto) : proto;

        static TensorShapeProto.Types.Dimension Of(long size) => new() { DimValue = size };
    }

    private static IReadOnlyList<SegmentRequest> Requests(PlannedRun run) => Requests(run.Rewritten!.Graph.Graph, run.Plan);

    private static IReadOnlyList<SegmentRequest> Requests(PlanGraph graph, ExecutionPlan plan) => [.. plan.Segments.Select(s => new SegmentRequest(s.Name, s.Nodes, s.Reads, s.Writes)
    {
        Cloned = s.Cloned,
        Types = s.Reads.Concat(s.Writes).Distinct().ToDictionary(v => v, v => Type(graph, v)),
    })];

    private static OnnxType.Tensor Type(PlanGraph graph, string value) =>
        new(graph.Facts.Of(value).Element, [.. graph.Facts.ShapeAt(value, static _ => 1)!.Select(Dimension.Fixed)]);

    // Segment after segment, each in the session that it shares.
    private static Dictionary<string, NamedOnnxValue> Run(OnnxModel model, byte[] bytes, IReadOnlyList<SegmentRequest> requests, IReadOnlyList<SharedSegment> shared, NamedOnnxValue[] inputs)
    {
        using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
        SubModelWriter writer = new(model, source, null);
        Dictionary<string, Tensor<float>> values = inputs.ToDictionary(i => i.Name, i => i.AsTensor<float>());
        Dictionary<int, InferenceSession> sessions = [];
        try
        {
            for (int i = 0; i < requests.Count; i++)
            {
                SegmentRequest owner = requests[shared[i].Of];
                if (!sessions.TryGetValue(shared[i].Of, out InferenceSession? session))
                    sessions.Add(shared[i].Of, session = Ort.Open(writer.Write(owner, WeightMode.Copy).Bytes));
                NamedOnnxValue[] given = [.. owner.Reads.Select((r, k) => NamedOnnxValue.CreateFromTensor(r, values[requests[i].Reads[shared[i].Inputs[k]]]))];
                Dictionary<string, NamedOnnxValue> made = Ort.Run(session, given);
                for (int k = 0; k < requests[i].Writes.Count; k++)
                    values[requests[i].Writes[k]] = made[shared[i].Outputs[k]].AsTensor<float>().Clone();
            }
        }
        finally
        {
            foreach (InferenceSession session in sessions.Values)
                session.Dispose();
        }
        return model.Graph.Outputs.ToDictionary(o => o.Name, o => NamedOnnxValue.CreateFromTensor(o.Name, values[o.Name]));
    }

    private static void Same(byte[] bytes, OnnxModel model, Func<NamedOnnxValue[], Dictionary<string, NamedOnnxValue>> run)
    {
        using InferenceSession session = Ort.Open(bytes);
        NamedOnnxValue[] inputs = [.. Ort.RandomInputs(session, 3, static (_, _) => 1).Values];
        Dictionary<string, NamedOnnxValue> expected = Ort.Run(session, inputs), actual = run(inputs);
        foreach (ValueInfo output in model.Graph.Outputs)
        {
            Tensor<float> wanted = expected[output.Name].AsTensor<float>(), got = actual[output.Name].AsTensor<float>();
            Assert.Equal(wanted.Dimensions.ToArray(), got.Dimensions.ToArray());
            Assert.Contains(wanted, v => Math.Abs(v) > Tolerance);
            Assert.All(wanted.Zip(got), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= Tolerance));
        }
    }
}
