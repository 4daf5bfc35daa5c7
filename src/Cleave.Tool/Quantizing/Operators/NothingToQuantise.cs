using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.OnnxProto;

namespace Cleave.Tool.Quantizing.Operators;

/// <summary>Says why a model has no operator that can be put into 8 bits, by what stands in it.</summary>
internal static class NothingToQuantise
{
    private static readonly string[] Types = ["Conv", "MatMul", "Gemm"];

    /// <param name="graph">The model's graph, constants as initializers.</param>
    /// <param name="left">What was found out about single operators.</param>
    public static string Message(GraphProto graph, IEnumerable<LeftInFloats> left)
    {
        List<string> sentences = ["There is nothing to quantise: no Conv has constant weights, and no MatMul or Gemm 1,024 of them, in floats of 32 bits."];
        if (graph.Initializer.Any(static t => t.DataType == (int)ElementType.Float16))
            sentences.Add("Its weights have 16 bits: export the model in 32, and quantise that (what cleave fix --widen writes keeps the weights in 16).");
        Dictionary<string, string> makers = [];
        foreach (NodeProto node in graph.Node)
        {
            foreach (string output in node.Output)
                makers[output] = node.OpType;
        }
        string[] made = [.. graph.Node.Where(static n => Types.Contains(n.OpType) && n.Input.Count > 1).Select(n => makers.GetValueOrDefault(n.Input[1])).OfType<string>()];
        if (made.Length > 0)
            sentences.Add($"{Count(made.Length, "reads its second factor", "read their second factors")} from what the model computes itself ({string.Join(", ", made.Distinct().Order(StringComparer.Ordinal).Take(3))}).");
        int inside = graph.Node.Sum(static n => Bodies(n).Sum(InBody));
        if (inside > 0)
            sentences.Add($"{Count(inside, "lies in a body", "lie in bodies")} of If, Loop or Scan, which stay in floats.");
        sentences.AddRange(left.Where(static l => l.NeedsOwnOperators).Take(1).Select(static l => "But " + l.Why + "."));
        return string.Join(' ', sentences);
    }

    private static string Count(int count, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{count} of these operators {(count == 1 ? one : many)}");

    private static int InBody(GraphProto body) => body.Node.Count(static n => Types.Contains(n.OpType)) + body.Node.Sum(static n => Bodies(n).Sum(InBody));

    private static IEnumerable<GraphProto> Bodies(NodeProto node) => node.Attribute.Where(static a => a.G != null).Select(static a => a.G).Concat(node.Attribute.SelectMany(static a => a.Graphs));
}
