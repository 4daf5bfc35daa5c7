using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Core.Graph;
using Cleave.Core.Onnx.Slicing;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Partitions;
using Cleave.TestKit.Catalog;

namespace Cleave.Benchmarks.Graph.Costs;

/// <summary>A model of the catalog, a sample of its dimensions, and how it runs.</summary>
/// <param name="Model">Its name in the catalog.</param>
/// <param name="Dims">The sample.</param>
/// <param name="Threads">Of each session.</param>
/// <param name="Seed">Of the random partition between fusion groups; 0 is the whole model in one session.</param>
internal sealed record CostPlan(string Model, string Dims, int Threads, int Seed)
{
    public DimSample Sample => new(Dims);

    public string[] Arguments => [Model, Dims, Threads.ToString(CultureInfo.InvariantCulture), Seed.ToString(CultureInfo.InvariantCulture)];

    /// <summary>How many samples a call handles.</summary>
    public long Batch => ModelCatalog.Get(Model).BatchDim is { } name && Sample.Sizes.TryGetValue(name, out long batch) ? batch : 1;

    public static CostPlan Parse(string[] arguments) =>
        new(arguments[0], arguments[1], int.Parse(arguments[2], CultureInfo.InvariantCulture), int.Parse(arguments[3], CultureInfo.InvariantCulture));

    public IEnumerable<SegmentRequest> Segments(PlanGraph graph) => Seed == 0
        ? [PartitionBuilder.WholeRequest(graph, "whole")]
        : Partition(graph).Segments.Select((s, i) => PartitionBuilder.Request(graph, s, "segment " + i.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Nanoseconds that the model of the device predicts.</summary>
    public double Predict(PlanGraph graph, CostModel device)
    {
        GraphCost cost = new(new SizedGraph(graph, Sizes(graph)), device);
        if (Seed == 0)
            return cost.Whole(Threads);
        return Partition(graph).Segments.Sum(s => cost.Segment(graph.GroupsOf(s.Nodes), s.Writes, Threads));
    }

    public override string ToString() => Model + (Dims.Length > 0 ? " " + Dims : "");

    private Partition Partition(PlanGraph graph) => RandomPartition.Make(graph, CutUnits.OfGroups(graph), (ulong)Seed);

    private Dictionary<string, long> Sizes(PlanGraph graph)
    {
        Dictionary<string, long> sizes = new(StringComparer.Ordinal);
        foreach (ValueInfo input in graph.Model.Graph.Inputs.Where(i => graph.Index.IsInput(i.Name)))
        {
            if (input.Type is not OnnxType.Tensor { Shape: { } shape })
                continue;
            for (int axis = 0; axis < shape.Length; axis++)
            {
                if (shape[axis].Name is { } name)
                    sizes[name] = Sample.Size(input.Name, axis, name);
            }
        }
        return sizes;
    }
}
