using System;
using System.Collections.Generic;
using System.Linq;
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

    private readonly SizedGraph _graph;
    private IReadOnlyList<Work>? _plainWorks;

    public GroupShape(SizedGraph graph, FusionGroup group)
    {
        _graph = graph;
        Group = group;
        // What is folded or removed costs nothing, and passes on what it reads.
        Nodes = [.. group.Nodes.Where(n => graph.Graph.Roles[n] == NodeRole.Live).Select(n => graph.Graph.Nodes[n])];
        HashSet<string> made = new(group.Nodes.SelectMany(n => graph.Graph.Nodes[n].Outputs), StringComparer.Ordinal);
        Reads = [.. Nodes.SelectMany(n => n.Inputs).Where(v => v.Length > 0 && !made.Contains(v) && !graph.IsConstant(v)).Distinct()];
        Writes = [.. group.Nodes.SelectMany(n => graph.Graph.Nodes[n].Outputs).Where(v => v.Length > 0)];
        Principal = Array.Find(Nodes, n => Principals.Contains(n.OpType)) ?? (Nodes.Length > 0 ? Nodes[Nodes.Length - 1] : null);
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

    /// <summary>Whether an operator is among its nodes.</summary>
    public bool Has(string opType) => Array.Exists(Nodes, n => n.OpType == opType);

    /// <summary>The first node of an operator.</summary>
    public Node? Find(string opType) => Array.Find(Nodes, n => n.OpType == opType);
}
