using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Cleave.Core.Onnx;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Partitions;
using Cleave.Core.Schedule;
using Cleave.Core.Tests.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Xunit;

namespace Cleave.Core.Tests.Passes;

/// <summary>Whatever a graph looks like, a random partition of it is one that can run.</summary>
public sealed class PartitionTests
{
    private const int Graphs = 60;

    [Fact]
    public void Every_node_that_runs_is_in_exactly_one_segment()
    {
        foreach ((PlanGraph graph, Partition partition) in Partitions())
        {
            int[] nodes = [.. partition.Segments.SelectMany(s => s.Nodes).Order()];
            Assert.Equal(Enumerable.Range(0, graph.Nodes.Count).Where(n => graph.GroupOf[n] >= 0), nodes);
        }
    }

    [Fact]
    public void A_segment_reads_only_inputs_and_what_earlier_segments_write()
    {
        foreach ((PlanGraph graph, Partition partition) in Partitions())
        {
            HashSet<string> known = [.. graph.Model.Graph.Inputs.Select(i => i.Name)];
            foreach (PlanSegment segment in partition.Segments)
            {
                Assert.Subset(known, segment.Reads.ToHashSet());
                known.UnionWith(segment.Writes);
            }
            Assert.Subset(known, graph.Outputs.ToHashSet());
        }
    }

    [Fact]
    public void Only_values_of_known_type_are_cut()
    {
        foreach ((PlanGraph graph, Partition partition) in Partitions())
            Assert.All(partition.CutValues(), cut => Assert.True(graph.CanCut(cut.Value), cut.Value));
    }

    [Fact]
    public void Fusion_groups_stay_whole_where_they_are_respected()
    {
        for (int seed = 0; seed < Graphs; seed++)
        {
            PlanGraph graph = RandomGraphs.Plan(RandomGraphs.Make(seed, 40));
            Partition partition = RandomPartition.Make(graph, CutUnits.OfGroups(graph), (ulong)seed);
            foreach (FusionGroup group in graph.Groups)
                Assert.Single(partition.Segments, s => s.Nodes.Intersect(group.Nodes).Any());
        }
    }

    [Fact]
    public void Quantise_and_dequantise_stay_with_what_they_serve()
    {
        foreach ((PlanGraph graph, Partition partition) in Partitions())
        {
            foreach (PlanSegment segment in partition.Segments)
            {
                HashSet<string> cut = [.. segment.Reads.Where(r => graph.Index.Producer(r) >= 0)];
                Assert.DoesNotContain(segment.Nodes, n => graph.Nodes[n].OpType == "QuantizeLinear" && cut.Contains(graph.Nodes[n].Inputs[0]));
                Assert.DoesNotContain(cut, c => graph.Nodes[graph.Index.Producer(c)].OpType == "DequantizeLinear");
            }
        }
    }

    [Fact]
    public void Sizes_vary_and_equal_seeds_give_equal_partitions()
    {
        Random random = new(1);
        GraphProto tree = new() { Name = "tree", Input = { Make.Value("v0", 1, 4) } };
        for (int i = 1; i <= 120; i++)
        {
            tree.Node.Add(Make.Node("Neg", ["v" + random.Next(Math.Max(0, i - 6), i)], ["v" + i]));
            tree.Output.Add(Make.Value("v" + i, 1, 4));
        }
        PlanGraph graph = RandomGraphs.Plan(Make.Model(tree));
        Quotient units = CutUnits.OfNodes(graph);
        Partition[] all = [.. Enumerable.Range(0, 40).Select(seed => RandomPartition.Make(graph, units, (ulong)seed))];
        Assert.True(all.Select(p => p.Segments.Count).Distinct().Count() >= 6);
        Assert.All(all, p => Assert.InRange(p.Segments.Count, 2, RandomPartition.MostSegments));
        for (int seed = 0; seed < all.Length; seed++)
            Assert.Equal(Text(all[seed]), Text(RandomPartition.Make(graph, units, (ulong)seed)));
        Assert.True(all.Select(Text).Distinct().Count() > 30);
    }

    [Fact]
    public void Partitions_give_what_the_whole_gives()
    {
        for (int seed = 0; seed < Graphs; seed++)
        {
            ModelProto model = RandomGraphs.Make(seed, 30);
            PlanGraph graph = RandomGraphs.Plan(model);
            Partition partition = RandomPartition.Make(graph, seed % 2 == 0 ? CutUnits.OfNodes(graph) : CutUnits.OfGroups(graph), (ulong)seed);
            using InferenceSession whole = Ort.Open(model.ToByteArray());
            Dictionary<string, NamedOnnxValue> values = Ort.RandomInputs(whole, seed, (_, _) => 1);
            Dictionary<string, NamedOnnxValue> expected = Ort.Run(whole, values.Values);
            byte[] bytes = model.ToByteArray();
            using ByteSource source = ByteSource.FromBytes(bytes, 0, bytes.Length);
            SubModelWriter writer = new(ModelReader.Read(source, CancellationToken.None), source, null);
            foreach (PlanSegment segment in partition.Segments)
            {
                SegmentRequest request = PartitionBuilder.Request(graph, segment, "S");
                if (request.Writes.Count == 0)
                    continue;
                using InferenceSession part = Ort.Open(writer.Write(request, WeightMode.Copy).Bytes);
                foreach ((string name, NamedOnnxValue value) in Ort.Run(part, [.. request.Reads.Select(r => values[r])]))
                    values[name] = value;
            }
            Ort.Equal(expected, expected.Keys.ToDictionary(k => k, k => values[k]));
        }
    }

    [Fact]
    public void Parts_that_depend_on_each_other_are_refused()
    {
        PlanGraph graph = RandomGraphs.Plan(Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4) },
            Output = { Make.Value("c", 1, 4) },
            Node = { Make.Node("Neg", ["x"], ["a"]), Make.Node("Abs", ["a"], ["b"]), Make.Node("Neg", ["b"], ["c"]) },
        }));
        Assert.Throws<ArgumentException>(() => PartitionBuilder.Build(graph, [0, 1, 0]));
        Assert.Throws<ArgumentException>(() => PartitionBuilder.Build(graph, [0, 1, -1]));
        Assert.Equal(3, PartitionBuilder.Build(graph, [7, 3, 5]).Segments.Count);
    }

    [Fact]
    public void Units_that_depend_on_each_other_are_one()
    {
        // 0 → 1 → 2, and 0 with 2: what lies between comes along.
        Quotient quotient = Quotient.Of(Quotient.Of([4, 9, 4, 2], [(0, 1), (1, 2), (2, 3)]).WithoutCycles(), [(0, 1), (1, 2), (2, 3)]);
        Assert.Equal([0, 0, 0, 1], quotient.PartOf);
        Assert.Equal([0, 1], quotient.Order()!);
    }

    [Fact]
    public void A_model_of_outputs_that_nothing_makes_is_one_segment()
    {
        PlanGraph graph = RandomGraphs.Plan(Make.Model(new GraphProto
        {
            Name = "g",
            Input = { Make.Value("x", 1, 4) },
            Output = { Make.Value("x", 1, 4), Make.Value("w", 1, 4), Make.Value("c", 1, 4) },
            Initializer = { Make.Floats("w", [1, 4], 1, 2, 3, 4) },
            Node = { Make.Node("Neg", ["w"], ["c"]) },
        }));
        PlanSegment only = Assert.Single(RandomPartition.Make(graph, CutUnits.OfGroups(graph), 1).Segments);
        Assert.Empty(only.Nodes);
        Assert.Equal(["x"], only.Reads);
        Assert.Equal(["c", "w", "x"], only.Writes);
    }

    private static IEnumerable<(PlanGraph, Partition)> Partitions()
    {
        int split = 0;
        for (int seed = 0; seed < Graphs; seed++)
        {
            PlanGraph graph = RandomGraphs.Plan(RandomGraphs.Make(seed, 10 + seed));
            foreach (Quotient units in new[] { CutUnits.OfGroups(graph), CutUnits.OfNodes(graph) })
            {
                Partition partition = RandomPartition.Make(graph, units, (ulong)seed);
                split += partition.Segments.Count > 1 ? 1 : 0;
                yield return (graph, partition);
            }
        }
        Assert.True(split > Graphs, "hardly anything was split");
    }

    private static string Text(Partition partition) => string.Join(" | ", partition.Segments.Select(s => string.Join(",", s.Nodes)));
}
