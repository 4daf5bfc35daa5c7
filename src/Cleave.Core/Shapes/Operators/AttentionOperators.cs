using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Attention in ONNX's form and in those that ONNX Runtime's optimiser makes, and the activations around it.</summary>
internal static class AttentionOperators
{
    private static readonly string[] Same = ["BiasAdd", "BiasGelu", "FastGelu", "Gelu", "Inverse", "QuickGelu", "RotaryEmbedding"];

    public static IEnumerable<OperatorRule> Rules
    {
        get
        {
            foreach (string opType in Same)
                yield return new OperatorRule(Domains.Microsoft, opType, Coverage.Exact, SameAsFirst);
            yield return new OperatorRule("", "RotaryEmbedding", Coverage.Exact, SameAsFirst);
            yield return new OperatorRule("", "TensorScatter", Coverage.Exact, SameAsFirst);
            yield return new OperatorRule("", "Attention", Coverage.Exact, Attention);
            yield return new OperatorRule(Domains.Microsoft, "BiasSplitGelu", Coverage.Exact, BiasSplitGelu);
            yield return new OperatorRule(Domains.Microsoft, "Attention", Coverage.Partial, n => PackedWeights(n, n.Element(0)));
            yield return new OperatorRule(Domains.Microsoft, "QAttention", Coverage.Partial, n => PackedWeights(n, n.Element(3)));
            yield return new OperatorRule(Domains.Microsoft, "MultiHeadAttention", Coverage.Partial, MultiHeadAttention);
            yield return new OperatorRule(Domains.Microsoft, "GroupQueryAttention", Coverage.Partial, GroupQueryAttention);
        }
    }

    private static void SameAsFirst(NodeContext node) => node.Set(0, node.Element(0), node.Shape(0));

    private static void BiasSplitGelu(NodeContext node)
    {
        Dim[]? shape = null;
        if (node.Shape(0) is { Length: > 0 } input)
        {
            shape = (Dim[])input.Clone();
            shape[shape.Length - 1] = node.OrUnknown(Dim.ExactDivide(shape[shape.Length - 1], Dim.Of(2)));
        }
        node.Set(0, node.Element(0), shape);
    }

    // Query, key and value: batch, heads, sequence, size; or the heads folded into the last of three dimensions.
    private static void Attention(NodeContext node)
    {
        Dim[]? query = Unfolded(node, node.Shape(0), "q_num_heads"), key = Unfolded(node, node.Shape(1), "kv_num_heads"),
            value = Unfolded(node, node.Shape(2), "kv_num_heads");
        node.Set(0, node.Element(0), null);
        node.Set(1, node.Element(1), null);
        node.Set(2, node.Element(2), null);
        node.Set(3, node.Element(0), null);
        if (query is null || key is null || value is null)
            return;
        Dim keys = key[2];
        if (node.HasInput(4))
            keys = node.OrUnknown(node.Shape(4) is { Length: 4 } past ? past[2] + keys : null);
        node.Set(0, node.Element(0), node.Shape(0)!.Length == 4
            ? [query[0], query[1], query[2], value[3]]
            : [query[0], query[2], node.OrUnknown(query[1] * value[3])]);
        node.Set(1, node.Element(1), [key[0], key[1], keys, key[3]]);
        node.Set(2, node.Element(2), [value[0], value[1], keys, value[3]]);
        node.Set(3, node.Element(0), [query[0], query[1], query[2], keys]);
    }

    private static Dim[]? Unfolded(NodeContext node, Dim[]? shape, string heads)
    {
        if (shape is { Length: 4 })
            return shape;
        if (shape is not { Length: 3 } || node.Int(heads, 0) is not (> 0 and var count))
            return null;
        return [shape[0], Dim.Of(count), shape[1], node.OrUnknown(Dim.ExactDivide(shape[2], Dim.Of(count)))];
    }

    // One matrix makes query, key and value.
    private static void PackedWeights(NodeContext node, ElementType element)
    {
        node.Set(0, element, null);
        node.Set(1, element, null);
        if (node.Shape(0) is not { Length: 3 } input)
            return;
        Dim? hidden = node.Ints("qkv_hidden_sizes") is { Length: 3 } sizes ? Dim.Of(sizes[2])
            : node.Shape(1) is { Length: 2 } weights ? Dim.ExactDivide(weights[1], Dim.Of(3))
            : null;
        node.Set(0, element, [input[0], input[1], node.OrUnknown(hidden)]);
        node.Set(1, element, node.Unknowns(5));
    }

    private static void MultiHeadAttention(NodeContext node)
    {
        Dim[]? shape = null;
        if (node.Shape(0) is { Length: 3 } query)
            shape = [query[0], query[1], node.OrUnknown(ValueSize(node, query))];
        node.Set(0, node.Element(0), shape);
        for (int i = 1; i < node.OutputCount; i++)
            node.Set(i, node.Element(0), i <= 3 ? node.Unknowns(4) : null);
    }

    private static Dim? ValueSize(NodeContext node, Dim[] query) => node.Shape(2) switch
    {
        { Length: 3 } value => value[2],
        { Length: 4 } value => value[1] * value[3],
        null when !node.HasInput(1) && !node.HasInput(2) => query[2],
        _ => null,
    };

    private static void GroupQueryAttention(NodeContext node)
    {
        Dim[]? shape = null;
        if (node.Shape(0) is { Length: 3 } query)
        {
            // Without a key, query, key and value lie behind each other.
            long heads = node.Int("num_heads", 0), all = heads + (2 * node.Int("kv_num_heads", 0));
            Dim? size = node.HasInput(1) ? query[2] : heads > 0 && all is > 0 and < int.MaxValue ? Dim.ExactDivide(query[2], Dim.Of(all)) is { } head ? head * Dim.Of(heads) : null : null;
            shape = [query[0], query[1], node.OrUnknown(size)];
        }
        node.Set(0, node.Element(0), shape);
        node.Set(1, node.Element(3, 0), node.Unknowns(4));
        node.Set(2, node.Element(4, 0), node.Unknowns(4));
    }
}
