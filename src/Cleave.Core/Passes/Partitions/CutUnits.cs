using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Cleave.Core.Graph;

namespace Cleave.Core.Passes.Partitions;

/// <summary>The smallest parts a model may be cut into: what must stay together does, and no two depend on each other.</summary>
internal static class CutUnits
{
    /// <summary>Units of whole fusion groups, with those that they need beside them.</summary>
    public static Quotient OfGroups(PlanGraph graph) =>
        Of(graph, Array.ConvertAll(graph.GroupOf, g => g < 0 ? -1 : graph.UnitOf[g]), graph.CanHandOver);

    /// <summary>Units of single nodes, whatever ONNX Runtime would make of them together.</summary>
    public static Quotient OfNodes(PlanGraph graph)
    {
        int[] labels = new int[graph.GroupOf.Length];
        for (int i = 0; i < labels.Length; i++)
            labels[i] = graph.GroupOf[i] < 0 ? -1 : i;
        return Of(graph, labels, graph.CanCut);
    }

    /// <summary>From each node that runs to each that runs and reads it, with the value in between.</summary>
    public static IEnumerable<(int From, int To, string Value)> Edges(PlanGraph graph)
    {
        for (int node = 0; node < graph.GroupOf.Length; node++)
        {
            if (graph.GroupOf[node] < 0)
                continue;
            foreach (string read in graph.Index.Reads(node))
            {
                int producer = graph.Index.Producer(read);
                if (producer >= 0 && graph.GroupOf[producer] >= 0)
                    yield return (producer, node, read);
            }
        }
    }

    // Two units that stay together take what lies between them along.
    [MethodImpl(JustInTime.Optimized)]
    private static Quotient Of(PlanGraph graph, int[] labels, Func<string, bool> mayCut)
    {
        List<(int From, int To)> edges = [];
        int[] parents = new int[labels.Length];
        for (int i = 0; i < parents.Length; i++)
            parents[i] = i;
        foreach ((int from, int to, string value) in Edges(graph))
        {
            edges.Add((from, to));
            if (!mayCut(value) || IsQuantisedPair(graph.Nodes[from], graph.Nodes[to]))
                Union(labels[from], labels[to]);
        }
        for (int i = 0; i < labels.Length; i++)
            labels[i] = labels[i] < 0 ? -1 : Root(labels[i]);
        return Quotient.Of(Quotient.Of(labels, edges).WithoutCycles(), edges);

        int Root(int label)
        {
            while (parents[label] != label)
                label = parents[label] = parents[parents[label]];
            return label;
        }

        void Union(int one, int other) => parents[Root(other)] = Root(one);
    }

    // A quantised operator is written in floats between these two: cut there, it is computed in floats, and rounds differently.
    private static bool IsQuantisedPair(Node producer, Node reader) =>
        (producer.OpType == "DequantizeLinear" && reader.OpType != "DequantizeLinear")
        || (reader.OpType == "QuantizeLinear" && producer.OpType != "QuantizeLinear");
}
