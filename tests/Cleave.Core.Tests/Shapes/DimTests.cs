using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Shapes;
using Xunit;

namespace Cleave.Core.Tests.Shapes;

/// <summary>Dimensions: equal means equal for all numbers, and arithmetic is that of whole numbers.</summary>
public class DimTests
{
    private static readonly string[] Names = ["B", "H", "S"];

    [Fact]
    public void Text_is_readable()
    {
        Dim h = Dim.Named("H"), w = Dim.Named("W");
        Assert.Equal("2*H+1", ((Dim.Of(2) * h)! + Dim.One)!.ToString());
        Assert.Equal("floor((W+1)/2)", Dim.FloorDivide((w + Dim.One)!, Dim.Of(2))!.ToString());
        Assert.Equal("floor((W+1)/2)-1", Dim.FloorDivide((w - Dim.One)!, Dim.Of(2))!.ToString());
        Assert.Equal("H*W-3*H", ((h * w)! - (Dim.Of(3) * h)!)!.ToString());
        Assert.Equal("floor(W/(H))", Dim.FloorDivide(w, h)!.ToString());
        Assert.Equal("max(H,W)", Dim.Max(w, h)!.ToString());
        Assert.Equal("0", (h - h)!.ToString());
        Assert.Equal("?3", Dim.Unknown(3).ToString());
    }

    [Fact]
    public void Random_arithmetic_agrees_with_that_of_numbers()
    {
        Random random = new(1);
        int compared = 0;
        for (int round = 0; round < 3000; round++)
        {
            Expression made = Expression.Random(random, 4);
            if (made.Dim() is not { } dim)
                continue;
            for (int point = 0; point < 5; point++)
            {
                Dictionary<string, long> at = Point(random);
                if (made.At(at) is not { } expected)
                    continue;
                Assert.Equal(expected, dim.Evaluate(n => at[n]));
                compared++;
            }
        }
        Assert.InRange(compared, 5000, 15000);
    }

    [Fact]
    public void Polynomials_are_equal_when_their_values_are()
    {
        Random random = new(2);
        int equal = 0, unlike = 0;
        for (int round = 0; round < 3000; round++)
        {
            Expression one = Expression.Polynomial(random, 3), other = Expression.Polynomial(random, 3);
            // The same reached in another way: (a + b) * c = c*b + a*c.
            Expression c = Expression.Polynomial(random, 2);
            Expression left = new('*', new('+', one, other), c), right = new('+', new('*', c, other), new('*', one, c));
            if (left.Dim() is { } a && right.Dim() is { } b)
            {
                Assert.Equal(a, b);
                Assert.Equal(a.GetHashCode(), b.GetHashCode());
                Assert.Equal(a.ToString(), b.ToString());
                equal++;
            }
            if (one.Dim() is not { } x || other.Dim() is not { } y)
                continue;
            bool sameValues = Enumerable.Range(0, 20).All(_ => Point(random) is var at && x.Evaluate(n => at[n]) == y.Evaluate(n => at[n]));
            Assert.Equal(sameValues, x.Equals(y));
            unlike += sameValues ? 0 : 1;
        }
        Assert.InRange(equal, 1000, 3000);
        Assert.InRange(unlike, 1000, 3000);
    }

    [Fact]
    public void Products_divide_by_their_factors()
    {
        Random random = new(3);
        int divided = 0;
        for (int round = 0; round < 2000; round++)
        {
            if (Expression.Polynomial(random, 3).Dim() is not { } a || Expression.Polynomial(random, 2).Dim() is not { } b
                || b.Value == 0 || a * b is not { } product)
            {
                continue;
            }
            Assert.Equal(a, Dim.ExactDivide(product, b));
            Assert.Equal(a, Dim.FloorDivide(product, b));
            divided++;
        }
        Assert.InRange(divided, 1000, 2000);
    }

    [Fact]
    public void What_does_not_divide_is_no_quotient()
    {
        Dim h = Dim.Named("H"), s = Dim.Named("S");
        Assert.Null(Dim.ExactDivide((h + Dim.One)!, h));
        Assert.Null(Dim.ExactDivide((Dim.Of(3) * h)!, Dim.Of(2)));
        Assert.Equal((s + Dim.One), Dim.ExactDivide(((h * s)! + h)!, h));
        Assert.Equal(h, Dim.ExactDivide(((h * s)! + h)!, (s + Dim.One)!));
        Assert.Null(Dim.ExactDivide(h, Dim.Zero));
        Assert.Null(Dim.FloorDivide(h, Dim.Zero));
    }

    [Fact]
    public void Floors_of_floors_are_one_floor()
    {
        Dim h = Dim.Named("H");
        Dim half = Dim.FloorDivide((h - Dim.One)!, Dim.Of(2))!;
        Dim quarter = Dim.FloorDivide((half + Dim.One)!, Dim.Of(2))!;
        Assert.Equal("floor((H+1)/4)", quarter.ToString());
        Assert.Equal(2, quarter.Evaluate(_ => 8));
        Assert.Equal(Dim.FloorDivide(h, Dim.Of(6)), Dim.FloorDivide(Dim.FloorDivide(h, Dim.Of(2))!, Dim.Of(3)));
        Assert.Equal(Dim.FloorDivide((h + Dim.One)!, Dim.Of(2)), Dim.CeilingDivide(h, Dim.Of(2)));
    }

    [Fact]
    public void What_grows_too_large_is_given_up()
    {
        Dim large = Dim.Of(long.MaxValue), least = Dim.Of(long.MinValue), h = Dim.Named("H");
        Assert.Null(large + Dim.One);
        Assert.Null(least - Dim.One);
        Assert.Null(large * Dim.Of(2));
        Assert.Null(least * Dim.Of(-1));
        Assert.Null(Dim.Of(-1) * least);
        Assert.Null((large * h)! * Dim.Of(2));
        Assert.Null((least * h)! * Dim.Of(-1));
        Assert.Null(Dim.FloorDivide(least, Dim.Of(-1)));
        Assert.Null(Dim.ExactDivide((least * h)!, Dim.Of(-1)));
        Assert.Null((large * h)!.Evaluate(_ => 2));
    }

    [Fact]
    public void Time_stays_bounded_whatever_is_computed()
    {
        Random random = new(4);
        List<Dim> dims = [.. Names.Select(Dim.Named), Dim.Of(3), Dim.Unknown(1)];
        for (int round = 0; round < 4000; round++)
        {
            Dim a = dims[random.Next(dims.Count)], b = dims[random.Next(dims.Count)];
            Dim? next = random.Next(6) switch
            {
                0 => a + b,
                1 => a - b,
                2 => a * b,
                3 => Dim.FloorDivide(a, b),
                4 => Dim.Max(a, b),
                _ => Dim.Min(a, b),
            };
            if (next is null)
                continue;
            if (dims.Count < 200)
                dims.Add(next);
            else
                dims[random.Next(5, 200)] = next;
        }
    }

    private static Dictionary<string, long> Point(Random random) => Names.ToDictionary(n => n, _ => (long)random.Next(0, 50));

    private sealed record Expression(char Operator, Expression? Left = null, Expression? Right = null, string? Name = null, long Number = 0)
    {
        public static Expression Random(Random random, int depth) => Random(random, depth, "+-*/mM");

        public static Expression Polynomial(Random random, int depth) => Random(random, depth, "+-*");

        private static Expression Random(Random random, int depth, string operators)
        {
            if (depth == 0 || random.Next(4) == 0)
                return random.Next(2) == 0 ? new('n', Name: Names[random.Next(Names.Length)]) : new('c', Number: random.Next(-4, 8));
            char op = operators[random.Next(operators.Length)];
            Expression right = op == '/' && random.Next(3) > 0 ? new('c', Number: random.Next(1, 6)) : Random(random, depth - 1, operators);
            return new(op, Random(random, depth - 1, operators), right);
        }

        public Dim? Dim()
        {
            if (Operator == 'n')
                return Core.Shapes.Dim.Named(Name!);
            if (Operator == 'c')
                return Core.Shapes.Dim.Of(Number);
            if (Left!.Dim() is not { } a || Right!.Dim() is not { } b)
                return null;
            return Operator switch
            {
                '+' => a + b,
                '-' => a - b,
                '*' => a * b,
                '/' => Core.Shapes.Dim.FloorDivide(a, b),
                'm' => Core.Shapes.Dim.Min(a, b),
                _ => Core.Shapes.Dim.Max(a, b),
            };
        }

        // Null where it is not defined; a polynomial that cancels a division by zero may be.
        public long? At(Dictionary<string, long> at)
        {
            if (Operator == 'n')
                return at[Name!];
            if (Operator == 'c')
                return Number;
            if (Left!.At(at) is not { } a || Right!.At(at) is not { } b || (Operator == '/' && b == 0))
                return null;
            return Operator switch
            {
                '+' => a + b,
                '-' => a - b,
                '*' => a * b,
                '/' => (long)Math.Floor((decimal)a / b),
                'm' => Math.Min(a, b),
                _ => Math.Max(a, b),
            };
        }
    }
}
