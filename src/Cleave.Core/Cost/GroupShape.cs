using System;
using System.Collections.Generic;
using Cleave.Core.Graph;
using Cleave.Core.Passes;

namespace Cleave.Core.Cost;

/// <summary>A fusion group with its nodes at hand: which of them decides what it costs, what it reads and gives.</summary>
internal sealed class GroupShape
{
    private static readonly HashSet<string> Principals = new(StringComparer.Ordinal)
    {
        "Conv", "ConvTranspose", "MatMul", "Gemm", "MatMulInteger", "ConvInteger", "LSTM", "GRU", "RNN", "MaxPool", "AveragePool",
    };

    private const int FewInputs = 8;

    private readonly SizedGraph _graph;
    private IReadOnlyList<Work>? _plainWorks;

    public GroupShape(SizedGraph graph, FusionGroup group)
    {
        _graph = graph;
        Group = group;
        // What is folded or removed costs nothing, and passes on what it reads.
        List<Node> nodes = new(group.Nodes.Length);
        List<string> writes = [];
        foreach (int position in group.Nodes)
        {
            Node node = graph.Graph.Nodes[position];
            if (graph.Graph.Roles[position] == NodeRole.Live)
                nodes.Add(node);
            AddNamed(node.Outputs, writes);
        }
        Nodes = [.. nodes];
        Writes = [.. writes];
        Reads = FindReads(graph, Nodes, Writes);
        Principal = Array.Find(Nodes, static n => Principals.Contains(n.OpType)) ?? (Nodes.Length > 0 ? Nodes[Nodes.Length - 1] : null);
    }

    public FusionGroup Group { get; }

    /// <summary>The nodes that run.</summary>
    public Node[] Nodes { get; }

    /// <summary>The node whose operator decides; the last one where none stands out, null where nothing runs.</summary>
    public Node? Principal { get; }

    /// <summary>What varies from call to call and comes from outside.</summary>
    public string[] Reads { get; }

    /// <summary>What its nodes give, inner values among it.</summary>
    public string[] Writes { get; }

    /// <summary>Its work in the plain layout, whatever session it runs in.</summary>
    public IReadOnlyList<Work> PlainWorks => _plainWorks ??= FusedWork.Of(_graph, this);

    /// <summary>The first node of an operator.</summary>
    public Node? Find(string opType) => Array.Find(Nodes, n => n.OpType == opType);

    private static void AddNamed(string[] values, List<string> named)
    {
        foreach (string value in values)
        {
            if (value.Length > 0)
                named.Add(value);
        }
    }

    // Each once.
    private static string[] FindReads(SizedGraph graph, Node[] nodes, string[] made)
    {
        List<string> reads = [];
        // Most groups are one node of few inputs, for which sets would be most of the work.
        HashSet<string>? seen = nodes.Length == 1 && nodes[0].Inputs.Length <= FewInputs && made.Length <= FewInputs ? null : new(made, StringComparer.Ordinal);
        foreach (Node node in nodes)
        {
            foreach (string read in node.Inputs)
            {
                if (read.Length == 0 || graph.IsConstant(read))
                    continue;
                if (seen is not null ? seen.Add(read) : !reads.Contains(read) && Array.IndexOf(made, read) < 0)
                    reads.Add(read);
            }
        }
        return [.. reads];
    }
}
