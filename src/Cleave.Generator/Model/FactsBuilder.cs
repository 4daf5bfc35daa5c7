using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core;
using Cleave.Core.Graph;
using Cleave.Core.Passes;

namespace Cleave.Generator.Model;

/// <summary>Sums a model up for doc comments.</summary>
internal static class FactsBuilder
{
    private const int MostOperators = 4;
    private const int MostOpsets = 8;

    /// <param name="model">The model.</param>
    /// <param name="part">What runs of it; null is all.</param>
    public static ModelFacts Of(OnnxModel model, ModelPart? part)
    {
        IReadOnlyList<Node> all = model.Graph.Nodes;
        IReadOnlyList<Node> nodes = part is null ? all : [.. part.Nodes.Select(n => all[n])];
        return new(
            model.DocString,
            (model.ProducerName + " " + model.ProducerVersion).Trim(),
            Opsets(model.Opsets),
            Bytes(model.Graph.Initializers, part),
            Nodes(nodes),
            part is null ? "" : NumberText.Of(nodes.Count) + " of " + NumberText.Of(all.Count) + " nodes");
    }

    private static long Bytes(IReadOnlyList<TensorInfo> weights, ModelPart? part)
    {
        long sum = 0;
        foreach (TensorInfo weight in weights)
        {
            if (part is not null && !part.Reads(weight.Name))
                continue;
            sum = weight.ByteSize > long.MaxValue - sum ? long.MaxValue : sum + weight.ByteSize;
        }
        return sum;
    }

    private static string Opsets(IReadOnlyList<OpsetImport> opsets)
    {
        IEnumerable<string> words = opsets.Take(MostOpsets)
            .Select(o => (o.Domain.Length == 0 ? "ai.onnx" : o.Domain) + " " + NumberText.Of(o.Version));
        return string.Join(", ", words) + (opsets.Count > MostOpsets ? ", …" : "");
    }

    /// <summary><c>512 nodes: 96 MatMul, 24 Softmax, …</c></summary>
    public static string Nodes(IReadOnlyList<Node> nodes)
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
        return NumberText.Of(nodes.Count) + (nodes.Count == 1 ? " node: " : " nodes: ")
            + string.Join(", ", words) + (counts.Count > MostOperators ? ", …" : "");
    }
}
