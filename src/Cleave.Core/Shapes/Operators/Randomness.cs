using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Operators that draw random numbers.</summary>
internal static class Randomness
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "RandomNormal", Coverage.Exact, Generate),
        new("", "RandomUniform", Coverage.Exact, Generate),
        new("", "RandomNormalLike", Coverage.Exact, LikeFirst),
        new("", "RandomUniformLike", Coverage.Exact, LikeFirst),
        new("", "Bernoulli", Coverage.Exact, LikeFirst),
        new("", "Multinomial", Coverage.Exact, Multinomial),
        new("", "Dropout", Coverage.Exact, Dropout),
    ];

    private static void Generate(NodeContext node) =>
        node.Set(0, node.Element("dtype", ElementType.Float), node.Ints("shape") is { } shape && Array.TrueForAll(shape, d => d >= 0) ? Array.ConvertAll(shape, Dim.Of) : null);

    private static void LikeFirst(NodeContext node) => node.Set(0, node.Element("dtype", node.Element(0)), node.Shape(0));

    private static void Multinomial(NodeContext node) =>
        node.Set(0, node.Element("dtype", ElementType.Int32), node.Shape(0) is { Length: 2 } input && node.Int("sample_size", 1) is > 0 and var samples ? [input[0], Dim.Of(samples)] : null);

    // The mask was of the data's type at first.
    private static void Dropout(NodeContext node)
    {
        node.Set(0, node.Element(0), node.Shape(0));
        node.Set(1, node.Opset >= 10 ? ElementType.Bool : node.Element(0), node.Shape(0));
    }
}
