using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes.Operators;

/// <summary>Arithmetic, comparisons and logic, element by element with broadcasting; also on the elements that shapes are computed from.</summary>
internal static class Arithmetic
{
    public static IEnumerable<OperatorRule> Rules =>
    [
        Binary("Add", (a, b) => a + b, (x, y) => x + y),
        Binary("Sub", (a, b) => a - b, (x, y) => x - y),
        Binary("Mul", (a, b) => a * b, (x, y) => x * y),
        new("", "Div", Coverage.Exact, Div),
        new("", "Mod", Coverage.Exact, Mod),
        new("", "Pow", Coverage.Exact, Pow),
        Variadic("Min", Dim.Min),
        Variadic("Max", Dim.Max),
        Variadic("Sum", (a, b) => a + b),
        new("", "Mean", Coverage.Exact, n => n.Set(0, n.Element(0), Joined(n))),
        new("", "PRelu", Coverage.Exact, n => n.Set(0, n.Element(0), n.Shape(0))),
        new("", "BitShift", Coverage.Exact, n => n.Set(0, n.Element(0), Joined(n))),
        new("", "BitwiseAnd", Coverage.Exact, n => n.Set(0, n.Element(0), Joined(n))),
        new("", "BitwiseOr", Coverage.Exact, n => n.Set(0, n.Element(0), Joined(n))),
        new("", "BitwiseXor", Coverage.Exact, n => n.Set(0, n.Element(0), Joined(n))),
        Test("Equal", (a, b) => AreEqual(a, b)),
        Test("Less", (a, b) => IsLess(a, b)),
        Test("Greater", (a, b) => IsLess(b, a)),
        Test("LessOrEqual", (a, b) => !IsLess(b, a)),
        Test("GreaterOrEqual", (a, b) => !IsLess(a, b)),
        Test("And", (a, b) => a.Value == 0 || b.Value == 0 ? false : a.Value == 1 && b.Value == 1 ? true : null),
        Test("Or", (a, b) => a.Value == 1 || b.Value == 1 ? true : a.Value == 0 && b.Value == 0 ? false : null),
        Test("Xor", (a, b) => a.Value is { } x && b.Value is { } y ? x != y : null),
        new("", "Where", Coverage.Exact, Where),
    ];

    private static OperatorRule Binary(string opType, Func<Dim, Dim, Dim?> whole, Func<float, float, float> floats) => new("", opType, Coverage.Exact, node =>
    {
        ElementType element = node.Element(0, 1);
        Dim[]? shape = Shape(node);
        ValueFacts facts = ValueFacts.Tensor(element, shape);
        if (element == ElementType.Float && node.Input(0).Floats is { } a && node.Input(1).Floats is { } b && a.Length * b.Length == 1)
            facts = facts with { Floats = [floats(a[0], b[0])] };
        else
            facts = facts with { Content = Each(node, element, shape, 0, 1, whole) };
        node.Set(0, facts);
    });

    private static OperatorRule Test(string opType, Func<Dim, Dim, bool?> test) => new("", opType, Coverage.Exact, node =>
    {
        Dim[]? shape = Shape(node);
        Dim[]? content = Each(node, ElementType.Bool, shape, 0, 1, (a, b) => test(a, b) is { } known ? (known ? Dim.One : Dim.Zero) : null);
        node.Set(0, ValueFacts.Tensor(ElementType.Bool, shape) with { Content = content });
    });

    private static OperatorRule Variadic(string opType, Func<Dim, Dim, Dim?> join) => new("", opType, Coverage.Exact, node =>
    {
        ElementType element = node.Element(0);
        Dim[]? shape = Joined(node);
        ValueFacts facts = ValueFacts.Tensor(element, shape);
        if (node.InputCount == 1)
            facts = facts with { Content = node.Input(0).Content, Floats = node.Input(0).Floats };
        else if (node.InputCount == 2)
            facts = facts with { Content = Each(node, element, shape, 0, 1, join) };
        node.Set(0, facts);
    });

    // Before operator set 7 one shape was that of the first input, into which the second fits.
    private static Dim[]? Shape(NodeContext node) => node.Opset < 7 ? node.Shape(0) : node.Broadcast(node.Shape(0), node.Shape(1));

    private static Dim[]? Joined(NodeContext node)
    {
        Dim[]? shape = node.Shape(0);
        for (int i = 1; i < node.InputCount; i++)
            shape = node.Broadcast(shape, node.Shape(i));
        return shape;
    }

    // The elements of the output, where those of both inputs are followed.
    private static Dim[]? Each(NodeContext node, ElementType element, Dim[]? shape, int left, int right, Func<Dim, Dim, Dim?> compute)
    {
        if (Contents.Whole(node.Input(left)) is not { } a || Contents.Whole(node.Input(right)) is not { } b)
            return null;
        if (Contents.Small(shape) is not { } places || Contents.Small(node.Shape(left)) is not { } ofA || Contents.Small(node.Shape(right)) is not { } ofB)
            return null;
        // Before operator set 7 an attribute said where in the first input the second stands.
        if (node.Opset < 7 && b.Length != 1 && !ofA.SequenceEqual(ofB))
            return null;
        bool isFloat = element is ElementType.Float or ElementType.Double;
        bool fails = false;
        Dim[] elements = Contents.Pick(places, at =>
        {
            Dim? number = compute(a[Contents.At(ofA, at)], b[Contents.At(ofB, at)]);
            // A fraction is no element that is followed, and one of unknown size is none of a type that may not hold it.
            fails |= number is null && isFloat;
            return number is not null && Contents.Fits(element, number) ? number : node.UnknownNumber();
        });
        return fails ? null : elements;
    }

    private static void Div(NodeContext node)
    {
        ElementType element = node.Element(0, 1);
        Dim[]? shape = Shape(node);
        bool isFloat = element is ElementType.Float or ElementType.Double;
        Dim[]? content = Each(node, element, shape, 0, 1, (a, b) => isFloat ? Dim.ExactDivide(a, b) : Quotient(a, b));
        ValueFacts facts = ValueFacts.Tensor(element, shape) with { Content = content };
        if (content is null && element == ElementType.Float && node.Input(0).Floats is { Length: 1 } x && node.Input(1).Floats is { Length: 1 } y)
            facts = facts with { Floats = [x[0] / y[0]] };
        node.Set(0, facts);
    }

    // Whole numbers are divided towards zero.
    private static Dim? Quotient(Dim a, Dim b)
    {
        if (a.Value is { } x && b.Value is { } y)
            return y == 0 || (x == long.MinValue && y == -1) ? null : Dim.Of(x / y);
        return a.IsNonNegative && b.IsNonNegative ? Dim.FloorDivide(a, b) : Dim.ExactDivide(a, b);
    }

    private static void Mod(NodeContext node)
    {
        ElementType element = node.Element(0, 1);
        bool likeC = node.Int("fmod", 0) != 0;
        Dim[]? shape = node.Broadcast(node.Shape(0), node.Shape(1));
        node.Set(0, ValueFacts.Tensor(element, shape) with { Content = Each(node, element, shape, 0, 1, (a, b) => Remainder(a, b, likeC)) });
    }

    // With the divisor's sign, or, as in C, with the dividend's.
    private static Dim? Remainder(Dim a, Dim b, bool likeC)
    {
        if (likeC && a.Value is { } x && b.Value is { } y)
            return y is 0 or -1 ? null : Dim.Of(x % y);
        if (likeC && !(a.IsNonNegative && b.IsNonNegative))
            return null;
        return Dim.FloorDivide(a, b) is { } quotient && quotient * b is { } whole ? a - whole : null;
    }

    private static void Pow(NodeContext node)
    {
        ElementType element = node.Element(0);
        Dim[]? shape = Shape(node);
        node.Set(0, ValueFacts.Tensor(element, shape) with { Content = Each(node, element, shape, 0, 1, Power) });
    }

    private static Dim? Power(Dim a, Dim b)
    {
        if (b.Value is not (>= 0 and <= 64))
            return null;
        Dim? power = Dim.One;
        for (long i = 0; i < b.Value && power is not null; i++)
            power *= a;
        return power;
    }

    private static bool? AreEqual(Dim a, Dim b) =>
        a.Equals(b) ? true
        : (a - b)?.IsPositive == true || (b - a)?.IsPositive == true || (a.Value is not null && b.Value is not null) ? false
        : null;

    private static bool? IsLess(Dim a, Dim b) =>
        (b - a)?.IsPositive == true ? true : (a - b)?.IsNonNegative == true ? false : null;

    private static void Where(NodeContext node)
    {
        Dim[]? shape = node.Broadcast(node.Broadcast(node.Shape(0), node.Shape(1)), node.Shape(2));
        ElementType element = node.Element(1, 2);
        node.Set(0, ValueFacts.Tensor(element, shape) with { Content = Chosen(node, shape) });
    }

    private static Dim[]? Chosen(NodeContext node, Dim[]? shape)
    {
        if (node.Input(0).Content is not { } conditions || node.Input(1).Content is not { } a || node.Input(2).Content is not { } b)
            return null;
        if (Contents.Small(shape) is not { } places || Contents.Small(node.Shape(0)) is not { } ofConditions
            || Contents.Small(node.Shape(1)) is not { } ofA || Contents.Small(node.Shape(2)) is not { } ofB)
        {
            return null;
        }
        return Contents.Pick(places, at =>
        {
            Dim one = a[Contents.At(ofA, at)], other = b[Contents.At(ofB, at)];
            return one.Equals(other) ? one : conditions[Contents.At(ofConditions, at)].Value switch
            {
                1 => one,
                0 => other,
                _ => node.UnknownNumber(),
            };
        });
    }
}
