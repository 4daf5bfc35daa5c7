using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.OnnxProto;
using Cleave.Tool.Quantizing.Operators;

namespace Cleave.Tool.Quantizing.Forms;

/// <summary>Which values a statically quantised model holds as bytes.</summary>
/// <remarks>
/// A chosen operator reads and writes bytes; so do operators between two of them that ONNX Runtime computes on bytes. A Relu or Clip
/// behind an operator stands before the rounding, which then takes it along.
/// </remarks>
internal sealed class StaticPlan
{
    // They compute on bytes; a MaxPool or a move of elements gives bytes of the same scale.
    private static readonly HashSet<string> Combining = ["Add", "Concat", "AveragePool", "GlobalAveragePool"];
    private static readonly HashSet<string> Moving = ["MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze"];
    private static readonly HashSet<string> Vanishing = ["Relu", "Clip"];

    private readonly Dictionary<string, string> _scaleOf = new(StringComparer.Ordinal);
    private readonly ILookup<string, NodeProto> _readers;
    private readonly HashSet<string> _kept;

    /// <param name="graph">Its nodes in an order of execution.</param>
    /// <param name="chosen">The operators to compute in 8 bits.</param>
    /// <param name="kept">Values that someone else reads: the outputs, and what bodies capture.</param>
    /// <param name="hasRange">Whether a scale is known for a value: a sum of two that have one may be infinite.</param>
    public StaticPlan(GraphProto graph, IReadOnlyDictionary<string, QuantizableOperator> chosen, HashSet<string> kept, Func<string, bool> hasRange)
    {
        _kept = kept;
        _readers = graph.Node.SelectMany(n => n.Input.Distinct().Select(i => (i, n))).ToLookup(p => p.i, p => p.n, StringComparer.Ordinal);
        foreach (NodeProto node in graph.Node)
        {
            if (chosen.TryGetValue(node.Name, out QuantizableOperator? found))
            {
                if (!Written.Contains(found.Input))
                    Entries.Add(found.Input);
                OnBytes.Add(node);
                // A product may give floats; a Conv may not.
                if (found.Type == "Conv" || Next(node).Any(n => chosen.ContainsKey(n.Name)))
                    Written.Add(End(node));
            }
            else if (node.Domain is "" or "ai.onnx" && (Combining.Contains(node.OpType) || Moving.Contains(node.OpType)) && Data(node).All(Written.Contains)
                && (Moving.Contains(node.OpType) || hasRange(End(node))))
            {
                OnBytes.Add(node);
                Written.Add(Combining.Contains(node.OpType) ? End(node) : node.Output[0]);
                if (Moving.Contains(node.OpType))
                    _scaleOf.Add(node.Output[0], node.Input[0]);
            }
        }
    }

    /// <summary>Nodes that compute on bytes.</summary>
    public HashSet<NodeProto> OnBytes { get; } = [];

    /// <summary>Values that are rounded where they are made: all readers get what the bytes say.</summary>
    public HashSet<string> Written { get; } = new(StringComparer.Ordinal);

    /// <summary>Values that are rounded for their chosen readers only.</summary>
    public HashSet<string> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>The value whose scale a value has: itself, but for moved elements.</summary>
    public string ScaleOf(string value)
    {
        while (_scaleOf.TryGetValue(value, out string? other))
            value = other;
        return value;
    }

    private static IEnumerable<string> Data(NodeProto node) => Moving.Contains(node.OpType) ? node.Input.Take(1) : node.Input;

    // The output, or that of the activation which is its only reader.
    private string End(NodeProto node)
    {
        string output = node.Output[0];
        return !_kept.Contains(output) && _readers[output].ToArray() is [{ } only] && Vanishing.Contains(only.OpType) && only.Input[0] == output ? only.Output[0] : output;
    }

    private IEnumerable<NodeProto> Next(NodeProto node) => _readers[End(node)];
}
