using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Operators on strings.</summary>
internal static class Texts
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "StringNormalizer", Coverage.Partial, StringNormalizer),
        new("", "StringConcat", Coverage.Exact, n => n.Set(0, ElementType.String, n.Broadcast(n.Shape(0), n.Shape(1)))),
        new("", "StringSplit", Coverage.Partial, StringSplit),
        new("", "RegexFullMatch", Coverage.Exact, n => n.Set(0, ElementType.Bool, n.Shape(0))),
        new("", "TfIdfVectorizer", Coverage.Exact, TfIdfVectorizer),
    ];

    // Stop words fall out of the last dimension.
    private static void StringNormalizer(NodeContext node)
    {
        Dim[]? input = node.Shape(0);
        bool drops = node.Attribute("stopwords") is { Strings.Length: > 0 };
        node.Set(0, ElementType.String, input is { Length: > 0 } && drops ? [.. input.Take(input.Length - 1), node.Unknown()] : input);
    }

    private static void StringSplit(NodeContext node)
    {
        Dim[]? input = node.Shape(0);
        node.Set(0, ElementType.String, input is null ? null : [.. input, node.Unknown()]);
        node.Set(1, ElementType.Int64, input);
    }

    // One score for each n-gram of the vocabulary.
    private static void TfIdfVectorizer(NodeContext node)
    {
        Dim[]? input = node.Shape(0);
        Dim scores = node.Ints("ngram_indexes") is { Length: > 0 } indexes && indexes.Min() >= 0 && indexes.Max() < int.MaxValue ? Dim.Of(indexes.Max() + 1) : node.Unknown();
        node.Set(0, ElementType.Float, input is { Length: 1 } ? [scores] : input is { Length: 2 } ? [input[0], scores] : null);
    }
}
