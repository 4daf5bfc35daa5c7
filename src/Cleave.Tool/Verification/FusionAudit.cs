using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Partitions;

namespace Cleave.Tool.Verification;

/// <summary>An operator of which a split model has more or fewer than the whole one: a fusion that a cut prevented.</summary>
/// <param name="Level">EXTENDED or ALL.</param>
/// <param name="Operator">Its type.</param>
/// <param name="Whole">How many the whole model has.</param>
/// <param name="Split">How many the segments have together.</param>
/// <param name="Nodes">Those that only one of the two has.</param>
/// <param name="Cuts">The values nearest to them at which the model was cut.</param>
internal sealed record LostFusion(string Level, string Operator, int Whole, int Split, IReadOnlyList<string> Nodes, IReadOnlyList<string> Cuts);

/// <summary>Compares what ONNX Runtime makes of a model's segments with what it makes of the whole: the same operators, if no cut went through a fusion.</summary>
internal static class FusionAudit
{
    private const int MostNamed = 8;

    public static IReadOnlyList<LostFusion> Compare(
        string level, PlanGraph graph, Partition partition, IReadOnlyList<OptimizedNode> whole, IReadOnlyList<OptimizedNode> segments)
    {
        ILookup<string, OptimizedNode> inWhole = whole.ToLookup(n => n.Operator), inSegments = segments.ToLookup(n => n.Operator);
        HashSet<string> cuts = [.. partition.CutValues().Select(c => c.Value)];
        List<LostFusion> lost = [];
        foreach (string name in inWhole.Select(g => g.Key).Union(inSegments.Select(g => g.Key)).Order(StringComparer.Ordinal))
        {
            int before = inWhole[name].Count(), after = inSegments[name].Count();
            if (before == after)
                continue;
            List<OptimizedNode> only = after > before ? Without(inSegments[name], inWhole[name]) : Without(inWhole[name], inSegments[name]);
            lost.Add(new LostFusion(level, name, before, after,
                [.. only.Take(MostNamed).Select(n => n.Name.Length > 0 ? n.Name : n.Output)],
                [.. only.SelectMany(n => NearestCuts(graph, cuts, n.Output)).Distinct().Order(StringComparer.Ordinal).Take(MostNamed)]));
        }
        return lost;
    }

    private static List<OptimizedNode> Without(IEnumerable<OptimizedNode> nodes, IEnumerable<OptimizedNode> others)
    {
        HashSet<string> outputs = [.. others.Select(n => n.Output)];
        return [.. nodes.Where(n => !outputs.Contains(n.Output))];
    }

    // From the node that makes a value outwards, until cuts are met. A value that ONNX Runtime named is not in the model.
    private static IEnumerable<string> NearestCuts(PlanGraph graph, HashSet<string> cuts, string value)
    {
        int start = graph.Index.Producer(value);
        if (start < 0)
            return [];
        HashSet<int> seen = [start];
        List<int> now = [start];
        while (now.Count > 0)
        {
            string[] met = [.. now.SelectMany(n => graph.Index.Reads(n).Concat(graph.Nodes[n].Outputs)).Where(cuts.Contains).Distinct()];
            if (met.Length > 0)
                return met;
            now = [.. now.SelectMany(n => Neighbours(graph, n)).Where(seen.Add)];
        }
        return [];
    }

    private static IEnumerable<int> Neighbours(PlanGraph graph, int node)
    {
        foreach (string read in graph.Index.Reads(node))
        {
            if (graph.Index.Producer(read) is >= 0 and int producer)
                yield return producer;
        }
        int group = graph.GroupOf[node];
        if (group < 0)
            yield break;
        foreach (int next in graph.Successors[group].Append(group).SelectMany(g => graph.Groups[g].Nodes))
        {
            if (graph.Index.Reads(next).Intersect(graph.Nodes[node].Outputs).Any())
                yield return next;
        }
    }
}
