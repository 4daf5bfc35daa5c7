using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Generator.Model;

/// <summary>Sums a model up for doc comments.</summary>
internal static class FactsBuilder
{
    private const int MostOperators = 4;
    private const int MostOpsets = 8;

    public static ModelFacts Of(OnnxModel model) => new(
        model.DocString,
        (model.ProducerName + " " + model.ProducerVersion).Trim(),
        Opsets(model.Opsets),
        Bytes(model.Graph.Initializers),
        Nodes(model.Graph.Nodes));

    private static long Bytes(IReadOnlyList<TensorInfo> weights)
    {
        long sum = 0;
        foreach (TensorInfo weight in weights)
            sum = weight.ByteSize > long.MaxValue - sum ? long.MaxValue : sum + weight.ByteSize;
        return sum;
    }

    private static string Opsets(IReadOnlyList<OpsetImport> opsets)
    {
        IEnumerable<string> words = opsets.Take(MostOpsets)
            .Select(o => (o.Domain.Length == 0 ? "ai.onnx" : o.Domain) + " " + o.Version.ToString(CultureInfo.InvariantCulture));
        return string.Join(", ", words) + (opsets.Count > MostOpsets ? ", …" : "");
    }

    // "512 nodes: 96 MatMul, 24 Softmax, …"
    private static string Nodes(IReadOnlyList<Node> nodes)
    {
        if (nodes.Count == 0)
            return "no nodes";
        Dictionary<string, int> counts = new(StringComparer.Ordinal);
        foreach (Node node in nodes)
            counts[node.OpType] = counts.TryGetValue(node.OpType, out int count) ? count + 1 : 1;
        string[] operators = [.. counts.Keys];
        Array.Sort(operators, (a, b) => counts[a] != counts[b] ? counts[b].CompareTo(counts[a]) : string.CompareOrdinal(a, b));
        IEnumerable<string> words = operators
            .Take(MostOperators)
            .Select(name => counts[name].ToString(CultureInfo.InvariantCulture) + " " + name);
        return nodes.Count.ToString(CultureInfo.InvariantCulture) + (nodes.Count == 1 ? " node: " : " nodes: ")
            + string.Join(", ", words) + (counts.Count > MostOperators ? ", …" : "");
    }
}
