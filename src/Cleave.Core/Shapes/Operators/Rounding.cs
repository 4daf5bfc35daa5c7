using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Operators on single elements that shapes are computed with: signs, rounding, casts.</summary>
internal static class Rounding
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        new("", "Identity", Coverage.Exact, n => n.Set(0, n.Input(0))),
        Unary("Neg", d => Dim.Zero - d, f => -f),
        Unary("Abs", d => d.IsNonNegative ? d : d.Value is { } value and > long.MinValue ? Dim.Of(Math.Abs(value)) : null, Math.Abs),
        Unary("Sign", d => d.IsPositive ? Dim.One : d.Value is { } value ? Dim.Of(Math.Sign(value)) : null, null),
        Unary("Not", d => d.Value is { } value ? Dim.Of(value == 0 ? 1 : 0) : null, null),
        // Whole numbers are round already; only constants can be fractions.
        Unary("Ceil", d => d, f => (float)Math.Ceiling(f)),
        Unary("Floor", d => d, f => (float)Math.Floor(f)),
        Unary("Round", d => d, f => (float)Math.Round(f, MidpointRounding.ToEven)),
        new("", "BitwiseNot", Coverage.Exact, n => n.Set(0, n.Element(0), n.Shape(0))),
        new("", "IsNaN", Coverage.Exact, n => n.Set(0, ElementType.Bool, n.Shape(0))),
        new("", "IsInf", Coverage.Exact, n => n.Set(0, ElementType.Bool, n.Shape(0))),
        new("", "Clip", Coverage.Exact, Clip),
        new("", "Cast", Coverage.Exact, n => Cast(n, n.Element("to", ElementType.Undefined))),
        new("", "CastLike", Coverage.Exact, n => Cast(n, n.Element(1))),
    ];

    private static OperatorRule Unary(string opType, Func<Dim, Dim?> whole, Func<float, float>? floats) => new("", opType, Coverage.Exact, node =>
    {
        ValueFacts input = node.Input(0);
        if (input.Kind != ValueKind.Tensor)
            return;
        ValueFacts facts = ValueFacts.Tensor(input.Element, input.Shape);
        if (input.Content is { } content)
            facts = facts with { Content = Array.ConvertAll(content, d => whole(d) is { } number && Contents.Fits(input.Element, number) ? number : node.UnknownNumber()) };
        else if (input is { Floats: { } constants, Element: ElementType.Float } && floats != null)
            facts = facts with { Floats = Array.ConvertAll(constants, f => floats(f)) };
        node.Set(0, facts);
    });

    private static void Clip(NodeContext node)
    {
        ValueFacts input = node.Input(0);
        if (input.Kind != ValueKind.Tensor)
            return;
        ValueFacts facts = ValueFacts.Tensor(input.Element, input.Shape);
        Dim? least = node.HasInput(1) ? node.Number(1) : null, most = node.HasInput(2) ? node.Number(2) : null;
        bool isKnown = node.Opset >= 11 && node.HasInput(1) == least is not null && node.HasInput(2) == most is not null;
        if (isKnown && input.Content is { } content)
        {
            facts = facts with
            {
                Content = Array.ConvertAll(content, d =>
                {
                    Dim? raised = least is null ? d : Dim.Max(d, least);
                    return (raised is null || most is null ? raised : Dim.Min(raised, most)) ?? node.UnknownNumber();
                }),
            };
        }
        node.Set(0, facts);
    }

    private static void Cast(NodeContext node, ElementType to)
    {
        ValueFacts input = node.Input(0);
        ValueFacts facts = ValueFacts.Tensor(to, input.Shape);
        if (input.Content is { } content)
            facts = facts with { Content = Cast(node, content, to) };
        else if (input.Floats is { } floats)
            facts = Cast(facts, floats);
        node.Set(0, facts);
    }

    private static Dim[]? Cast(NodeContext node, Dim[] content, ElementType to) => to switch
    {
        ElementType.Bool => Array.ConvertAll(content, d => d.Value is { } value ? (value == 0 ? Dim.Zero : Dim.One) : d.IsPositive ? Dim.One : node.UnknownNumber()),
        ElementType.Int32 or ElementType.Int64 => Array.ConvertAll(content, d => Contents.Fits(to, d) ? d : node.UnknownNumber()),
        // Larger numbers are rounded.
        ElementType.Float or ElementType.Double => Array.TrueForAll(content, d => Contents.Fits(to, d)) ? content : null,
        _ => null,
    };

    // Towards zero; what does not fit depends on the machine.
    private static ValueFacts Cast(ValueFacts facts, float[] floats) => facts.Element switch
    {
        ElementType.Float or ElementType.Double => facts with { Floats = floats },
        ElementType.Int32 or ElementType.Int64 when Array.TrueForAll(floats, f => Math.Abs(f) < int.MaxValue) =>
            facts with { Content = Array.ConvertAll(floats, f => Dim.Of((long)f)) },
        ElementType.Bool => facts with { Content = Array.ConvertAll(floats, f => f == 0 ? Dim.Zero : Dim.One) },
        _ => facts,
    };
}
