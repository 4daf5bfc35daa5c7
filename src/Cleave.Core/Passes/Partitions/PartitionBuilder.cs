using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Schedule;
using Cleave.Core.Shapes;

namespace Cleave.Core.Passes.Partitions;

/// <summary>Makes segments of nodes that were put into parts: what each takes and gives, and in which order they can run.</summary>
internal static class PartitionBuilder
{
    /// <param name="graph">The model.</param>
    /// <param name="partOf">By position of the node: any number, equal for nodes of one segment; -1 for nodes that do not run.</param>
    /// <exception cref="ArgumentException">Two parts depend on each other, or a node that runs is in none.</exception>
    public static Partition Build(PlanGraph graph, int[] partOf)
    {
        for (int node = 0; node < partOf.Length; node++)
        {
            if (partOf[node] < 0 != graph.GroupOf[node] < 0)
                throw new ArgumentException("the node " + node + (partOf[node] < 0 ? " runs and is in no part" : " does not run and is in a part"), nameof(partOf));
        }
        Quotient quotient = Quotient.Of(partOf, CutUnits.Edges(graph).Select(e => (e.From, e.To)));
        int[] order = quotient.Order() ?? throw new ArgumentException("two parts depend on each other", nameof(partOf));
        int[] place = new int[quotient.Count];
        for (int i = 0; i < order.Length; i++)
            place[order[i]] = i;
        return new Partition(Segments(graph, Array.ConvertAll(quotient.PartOf, p => p < 0 ? -1 : place[p]), order.Length));
    }

    /// <summary>What to ask the slicer for.</summary>
    public static SegmentRequest Request(PlanGraph graph, PlanSegment segment, string name)
    {
        Dictionary<string, OnnxType.Tensor> types = new(StringComparer.Ordinal);
        foreach (string value in segment.Reads.Concat(segment.Writes))
        {
            if (graph.CanCut(value))
                types[value] = new OnnxType.Tensor(graph.Facts.Of(value).Element, graph.ShapeAtCut(value) is { } shape ? Array.ConvertAll(shape, DimensionOf) : null);
        }
        return new SegmentRequest(name, segment.Nodes, segment.Reads, segment.Writes) { Types = types, Outputs = graph.Outputs, Cloned = segment.Cloned };
    }

    /// <summary>The one segment of all that the outputs need: the whole model as the file declares it, or the part for chosen outputs.</summary>
    public static SegmentRequest WholeRequest(PlanGraph graph, string name) =>
        ModelPart.IsWhole(graph.Model, graph.Outputs)
            ? new(name, null, [.. graph.Model.Graph.Inputs.Select(i => i.Name).Where(graph.Index.IsInput)], graph.Outputs)
            : Request(graph, Build(graph, Array.ConvertAll(graph.GroupOf, g => g < 0 ? -1 : 0)).Segments[0], name);

    private static PlanSegment[] Segments(PlanGraph graph, int[] segmentOf, int count)
    {
        SortedSet<string>[] reads = Sets(Math.Max(1, count)), writes = Sets(Math.Max(1, count));
        List<int>[] nodes = Array.ConvertAll(reads, _ => new List<int>());
        foreach (int node in graph.Facts.Order)
        {
            if (segmentOf[node] >= 0)
                nodes[segmentOf[node]].Add(node);
        }
        for (int node = 0; node < segmentOf.Length; node++)
        {
            if (segmentOf[node] >= 0)
                AddReads(node, segmentOf[node]);
        }
        foreach (string output in graph.Outputs)
            AddOutput(output);
        return [.. nodes.Select((n, i) => new PlanSegment("segment " + NumberText.Of(i), [.. n], [.. reads[i]], [.. writes[i]]))];

        void AddReads(int node, int segment)
        {
            foreach (string read in graph.Index.Reads(node))
            {
                int producer = graph.Index.Producer(read);
                if (producer >= 0 ? segmentOf[producer] >= 0 && segmentOf[producer] != segment : graph.Index.IsInput(read))
                {
                    reads[segment].Add(read);
                    if (producer >= 0)
                        writes[segmentOf[producer]].Add(read);
                }
            }
        }

        // Inputs and constants that are outputs are made nowhere: the first segment gives them.
        void AddOutput(string output)
        {
            int producer = graph.Index.Producer(output);
            writes[producer >= 0 && segmentOf[producer] >= 0 ? segmentOf[producer] : 0].Add(output);
            if (producer < 0 && graph.Index.IsInput(output))
                reads[0].Add(output);
        }
    }

    private static SortedSet<string>[] Sets(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => new SortedSet<string>(StringComparer.Ordinal))];

    // Sizes that follow from others get names, so that ONNX Runtime sees which are equal: it adds inside a convolution, multiplies
    // in blocks and skips into a norm only what it knows to have equal shapes. The sign keeps them apart from the model's own names.
    private static Dimension DimensionOf(Dim? dim) => dim is null ? Dimension.Unknown
        : dim.Value is { } size ? size >= 0 ? Dimension.Fixed(size) : Dimension.Unknown
        : dim.Names() is { Count: 1 } names && names.Min == dim.ToString() ? Dimension.Named(names.Min!)
        : Dimension.Named("=" + dim);
}
