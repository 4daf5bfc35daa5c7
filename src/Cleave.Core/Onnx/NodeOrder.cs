using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>The order in which nodes can run. Files may hold them in any; ONNX Runtime sorts them.</summary>
internal static class NodeOrder
{
    /// <summary>
    /// Positions of the nodes, each after those whose outputs it reads: the file's order where that is one, otherwise the
    /// one that always takes the node that stands first among those that can run. Nodes of cycles, and what depends on them, come last.
    /// </summary>
    [MethodImpl(JustInTime.Optimized)]
    public static int[] Of(IReadOnlyList<Node> nodes, out int onCycles)
    {
        Dictionary<string, int> producers = new(nodes.Count, StringComparer.Ordinal);
        bool inOrder = true;
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (string output in nodes[i].Outputs)
            {
                if (output.Length > 0)
                    producers[output] = i;
            }
        }
        for (int i = 0; i < nodes.Count && inOrder; i++)
        {
            foreach (string read in Reads(nodes[i]))
                inOrder &= !producers.TryGetValue(read, out int producer) || producer < i;
        }
        onCycles = 0;
        if (!inOrder)
            return Sort(nodes, producers, out onCycles);
        int[] order = new int[nodes.Count];
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        return order;
    }

    /// <summary>The nodes of one cycle, each read by the one before it; those of <see cref="Of"/> that came last.</summary>
    public static List<Node> Cycle(IReadOnlyList<Node> nodes, int[] order, int onCycles)
    {
        Dictionary<string, int> producers = new(StringComparer.Ordinal);
        for (int i = order.Length - onCycles; i < order.Length; i++)
        {
            foreach (string output in nodes[order[i]].Outputs)
                producers[output] = order[i];
        }
        List<int> path = [];
        HashSet<int> seen = [];
        int at = order[order.Length - 1];
        while (seen.Add(at))
        {
            path.Add(at);
            foreach (string read in Reads(nodes[at]))
            {
                if (read.Length > 0 && producers.TryGetValue(read, out at))
                    break;
            }
        }
        return path.GetRange(path.IndexOf(at), path.Count - path.IndexOf(at)).ConvertAll(i => nodes[i]);
    }

    private static int[] Sort(IReadOnlyList<Node> nodes, Dictionary<string, int> producers, out int onCycles)
    {
        int[] missing = new int[nodes.Count];
        List<int>?[] readers = new List<int>?[nodes.Count];
        SortedSet<int> ready = [];
        for (int i = 0; i < nodes.Count; i++)
        {
            foreach (string read in Reads(nodes[i]))
            {
                if (read.Length == 0 || !producers.TryGetValue(read, out int producer))
                    continue;
                missing[i]++;
                (readers[producer] ??= []).Add(i);
            }
            if (missing[i] == 0)
                ready.Add(i);
        }
        List<int> order = new(nodes.Count);
        while (ready.Count > 0)
        {
            int next = ready.Min;
            ready.Remove(next);
            order.Add(next);
            foreach (int reader in readers[next] ?? [])
            {
                if (--missing[reader] == 0)
                    ready.Add(reader);
            }
        }
        onCycles = nodes.Count - order.Count;
        for (int i = 0; i < nodes.Count && onCycles > 0; i++)
        {
            if (missing[i] > 0)
                order.Add(i);
        }
        return [.. order];
    }

    // What bodies take from around them is read, too.
    private static string[] Reads(Node node) =>
        Array.TrueForAll(node.Attributes, static a => a.Graphs.Length == 0) ? node.Inputs : Captures.ReadsOf(node);
}
