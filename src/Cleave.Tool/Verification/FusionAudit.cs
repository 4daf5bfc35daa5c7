using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Passes;
using Cleave.Core.Passes.Fusion;
using Cleave.Core.Passes.Partitions;
using Cleave.Tool.Running;

namespace Cleave.Tool.Verification;

/// <summary>An operator of the model that stands alone in a segment and not in the whole, or a fused one that is missing for it.</summary>
/// <param name="Level">EXTENDED or ALL.</param>
/// <param name="Operator">Its type.</param>
/// <param name="Whole">How many the whole model has.</param>
/// <param name="Split">How many the segments have together.</param>
/// <param name="Nodes">Those that only one of the two has.</param>
/// <param name="Cuts">The values nearest to them at which the model was cut.</param>
internal sealed record LostFusion(string Level, string Operator, int Whole, int Split, IReadOnlyList<string> Nodes, IReadOnlyList<string> Cuts);

/// <summary>
/// Compares what ONNX Runtime makes of a model's segments with what it makes of the whole. Where a cut went through a fusion, the
/// operators that it would have made one of stand alone. Fusions that only the segments have are no loss: at a cut more may be known of shapes.
/// </summary>
internal sealed class FusionAudit
{
    private const int MostNamed = 8;

    private readonly PlanGraph _graph;
    private readonly HashSet<string> _own;
    private readonly HashSet<string> _twins;

    public FusionAudit(PlanGraph graph, SmallConstants constants)
    {
        _graph = graph;
        _own = [.. graph.Nodes.Select(n => n.OpType)];
        _twins = Twins(graph, constants);
    }

    /// <param name="level">EXTENDED or ALL.</param>
    /// <param name="partition">How it was cut.</param>
    /// <param name="whole">What became of the whole model.</param>
    /// <param name="segments">What became of all segments.</param>
    public IReadOnlyList<LostFusion> Compare(string level, Partition partition, IReadOnlyList<OptimizedNode> whole, IReadOnlyList<OptimizedNode> segments)
    {
        ILookup<string, OptimizedNode> before = Counted(whole), after = Counted(segments);
        HashSet<string> cuts = [.. partition.CutValues().Select(c => c.Value)];
        List<LostFusion> lost = [];
        foreach (string name in after.Select(g => g.Key).Where(_own.Contains).Order(StringComparer.Ordinal))
        {
            if (after[name].Count() > before[name].Count())
                lost.Add(Describe(name, Without(after[name], before[name])));
        }
        if (lost.Count == 0)
            return lost;
        foreach (string name in before.Select(g => g.Key).Where(n => !_own.Contains(n)).Order(StringComparer.Ordinal))
        {
            if (after[name].Count() < before[name].Count())
                lost.Add(Describe(name, Without(before[name], after[name])));
        }
        return lost;

        LostFusion Describe(string name, List<OptimizedNode> nodes) => new(level, name, before[name].Count(), after[name].Count(),
            [.. nodes.Take(MostNamed).Select(n => n.Name.Length > 0 ? n.Name : n.Output)],
            [.. nodes.SelectMany(n => NearestCuts(_graph, cuts, n.Output)).Distinct().Order(StringComparer.Ordinal).Take(MostNamed)]);
    }

    private ILookup<string, OptimizedNode> Counted(IReadOnlyList<OptimizedNode> nodes) =>
        nodes.Where(n => !_twins.Contains(n.Output)).ToLookup(n => n.Operator);

    // Outputs of nodes that others are equal to: ONNX Runtime keeps one of them in a session, so one in each segment.
    private static HashSet<string> Twins(PlanGraph graph, SmallConstants constants)
    {
        DuplicateNodes duplicates = new();
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        HashSet<string> twins = new(StringComparer.Ordinal);
        foreach (int position in graph.Facts.Order.Where(n => graph.GroupOf[n] >= 0))
        {
            Node node = graph.Nodes[position];
            int? original = duplicates.Original(node, Array.ConvertAll(node.Inputs, Number), position);
            for (int i = 0; i < node.Outputs.Length; i++)
            {
                if (original is not { } first || node.Outputs[i].Length == 0)
                    continue;
                numbers[node.Outputs[i]] = Number(graph.Nodes[first].Outputs[i]);
                twins.Add(node.Outputs[i]);
                twins.Add(graph.Nodes[first].Outputs[i]);
            }
        }
        return twins;

        int Number(string value)
        {
            value = constants.Key(value) ?? value;
            if (!numbers.TryGetValue(value, out int number))
                numbers.Add(value, number = numbers.Count);
            return number;
        }
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
