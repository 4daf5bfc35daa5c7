using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Cleave.Core.Shapes;

/// <summary>
/// A dimension, or an element of a shape that the model computes: a polynomial with whole coefficients over named dimensions,
/// over unknowns, and over divisions that do not come out even. Two that are equal as polynomials are equal; immutable.
/// </summary>
internal sealed partial class Dim : IEquatable<Dim>
{
    private static readonly Dim[] Small =
        [.. Enumerable.Range(0, 17).Select(n => n == 0 ? new Dim([]) : new Dim([new Term(n, [])]))];

    public static readonly Dim Zero = Small[0];
    public static readonly Dim One = Small[1];

    // Longer ones come from graphs that no exporter writes; the time for them stays bounded.
    private const int MostTerms = 16;
    private const int MostFactors = 8;
    private const int LargestSize = 80;

    private readonly Term[] _terms;
    private readonly int _hash;

    // Factors and terms in it, those inside operations counted wherever they stand: what comparing two takes.
    private readonly int _size;
    private string? _text;

    private Dim(Term[] terms)
    {
        _terms = terms;
        int hash = 17;
        bool isKnown = true;
        foreach (Term term in terms)
        {
            hash = unchecked((hash * 31) + term.Hash);
            _size++;
            foreach (Factor factor in term.Factors)
            {
                _size += factor.Size;
                isKnown &= factor.IsKnown;
            }
        }
        _hash = hash;
        IsKnown = isKnown;
        IsNonNegative = Array.TrueForAll(terms, static t => t.Coefficient > 0 && Array.TrueForAll(t.Factors, static f => f.IsNonNegative));
    }

    /// <summary>The number, where nothing is unknown.</summary>
    public long? Value => _terms.Length == 0 ? 0 : _terms.Length == 1 && _terms[0].Factors.Length == 0 ? _terms[0].Coefficient : null;

    /// <summary>Whether it follows from the named dimensions alone.</summary>
    public bool IsKnown { get; }

    /// <summary>Whether it is at least 0 whatever the dimensions are; false where that is not seen.</summary>
    public bool IsNonNegative { get; }

    /// <summary>Whether it is at least 1 whatever the dimensions are; false where that is not seen.</summary>
    public bool IsPositive => IsNonNegative && _terms.Length > 0 && _terms[_terms.Length - 1].Factors.Length == 0;

    public static Dim Of(long value) => value is >= 0 and < 17 ? Small[value] : new([new Term(value, [])]);

    /// <summary>A dimension that the caller chooses, by its ONNX name.</summary>
    public static Dim Named(string name) => new([new Term(1, [new Factor.Name(name)])]);

    /// <summary>One that is not known; equal only to the one with the same number.</summary>
    public static Dim Unknown(int number) => new([new Term(1, [new Factor.Unknown(number)])]);

    /// <summary>One that may be any number, also a negative one: an element of a tensor.</summary>
    public static Dim UnknownNumber(int number) => new([new Term(1, [new Factor.Unknown(~number)])]);

    public static Dim? operator +(Dim a, Dim b) => Sum(a, b, 1);

    public static Dim? operator -(Dim a, Dim b) => Sum(a, b, -1);

    /// <summary>Null where the result is too large to be kept; so for every operation.</summary>
    public static Dim? operator *(Dim a, Dim b)
    {
        if (a.Value is { } x && b.Value is { } y)
            return TryMultiply(x, y, out long number) ? Of(number) : null;
        if (a.Value == 1 || b.Value == 0)
            return b;
        if (b.Value == 1 || a.Value == 0)
            return a;
        if ((long)a._terms.Length * b._terms.Length > MostTerms * 4)
            return null;
        List<Term> terms = new(a._terms.Length * b._terms.Length);
        foreach (Term one in a._terms)
        {
            foreach (Term other in b._terms)
            {
                if (one.Factors.Length + other.Factors.Length > MostFactors || !TryMultiply(one.Coefficient, other.Coefficient, out long coefficient))
                    return null;
                terms.Add(new Term(coefficient, Merge(one.Factors, other.Factors)));
            }
        }
        return Collect(terms);
    }

    /// <summary>The quotient, rounded towards minus infinity.</summary>
    public static Dim? FloorDivide(Dim a, Dim b)
    {
        if (b.Value == 0)
            return null;
        if (b.Value == 1)
            return a;
        if (a.Value is { } x && b.Value is { } y)
            return x == long.MinValue && y == -1 ? null : Of(Floor(x, y));
        if (ExactDivide(a, b) is { } exact)
            return exact;
        if (b.Value is not { } divisor || divisor < 0)
            return Operation(Operator.FloorDivide, a, b);
        // floor((c*q + r) / c) = q + floor(r / c): equal dimensions come out equal whatever way they were reached.
        List<Term> whole = [], rest = [];
        foreach (Term term in a._terms)
        {
            long quotient = Floor(term.Coefficient, divisor), remainder = term.Coefficient - (quotient * divisor);
            if (quotient != 0)
                whole.Add(new Term(quotient, term.Factors));
            if (remainder != 0)
                rest.Add(new Term(remainder, term.Factors));
        }
        return FloorOfRest(new Dim([.. rest]), divisor) is { } floor ? new Dim([.. whole]) + floor : null;
    }

    // All coefficients are at least 0 and less than the divisor.
    private static Dim? FloorOfRest(Dim rest, long divisor)
    {
        if (rest.Value is { } number)
            return Of(Floor(number, divisor));
        // floor((floor(x / a) + c) / b) = floor((x + a*c) / (a*b)).
        Term[] terms = rest._terms;
        bool isNested = terms[0].Coefficient == 1 && terms[0].Factors.Length == 1 && (terms.Length == 1 || (terms.Length == 2 && terms[1].Factors.Length == 0));
        if (isNested && terms[0].Factors[0] is Factor.Operation { Operator: Operator.FloorDivide, Right.Value: > 0 } inner)
        {
            Dim constant = terms.Length == 2 ? Of(terms[1].Coefficient) : Zero;
            return inner.Right * constant is { } shift && inner.Left + shift is { } dividend && inner.Right * Of(divisor) is { } product
                ? FloorDivide(dividend, product) : null;
        }
        return Operation(Operator.FloorDivide, rest, Of(divisor));
    }

    /// <summary>The quotient, rounded towards plus infinity.</summary>
    public static Dim? CeilingDivide(Dim a, Dim b) =>
        b.Value is > 0 ? a + Of(b.Value.Value - 1) is { } raised ? FloorDivide(raised, b) : null
        : ExactDivide(a, b);

    /// <summary>The quotient where it is a polynomial; null where it is not.</summary>
    public static Dim? ExactDivide(Dim a, Dim b)
    {
        if (a._terms.Length == 0)
            return b._terms.Length == 0 ? null : Zero;
        if (a.Equals(b))
            return One;
        if (b._terms.Length == 0)
            return null;
        // By the leading terms, as numbers are divided on paper: each step removes the dividend's.
        Dim? rest = a;
        List<Term> quotient = [];
        while (rest is { _terms.Length: > 0 } && quotient.Count < MostTerms)
        {
            Term lead = rest._terms[0], by = b._terms[0];
            if (by.Coefficient == -1 && lead.Coefficient == long.MinValue)
                return null;
            if (lead.Coefficient % by.Coefficient != 0 || Without(lead.Factors, by.Factors) is not { } factors)
                return null;
            Term next = new(lead.Coefficient / by.Coefficient, factors);
            quotient.Add(next);
            rest = new Dim([next]) * b is { } part ? rest - part : null;
        }
        return rest is { _terms.Length: 0 } ? Collect(quotient) : null;
    }

    public static Dim? Min(Dim a, Dim b) => Extreme(Operator.Min, a, b);

    public static Dim? Max(Dim a, Dim b) => Extreme(Operator.Max, a, b);

    /// <summary>The number for given dimensions; null where one of them is missing or unknown, or the number is too large.</summary>
    public long? Evaluate(Func<string, long?> dimension)
    {
        long sum = 0;
        foreach (Term term in _terms)
        {
            long product = term.Coefficient;
            foreach (Factor factor in term.Factors)
            {
                if (factor.Evaluate(dimension) is not { } value || !TryMultiply(product, value, out product))
                    return null;
            }
            if (!TryAdd(sum, product, out sum))
                return null;
        }
        return sum;
    }

    /// <summary>
    /// What two dimensions that are not the same broadcast to: one of them, where that is sure (min(a, n) fits a only where it is a,
    /// since n is not 1), otherwise what they turn out to be. Null where one of them is not known.
    /// </summary>
    public static Dim? Broadcast(Dim a, Dim b) =>
        IsMinimumOf(a, b) ? b
        : IsMinimumOf(b, a) ? a
        : !a.IsKnown || !b.IsKnown ? null
        : a.CompareTo(b) <= 0 ? Operation(Operator.Broadcast, a, b)
        : Operation(Operator.Broadcast, b, a);

    /// <summary>The named dimensions in it, each once, sorted.</summary>
    public SortedSet<string> Names()
    {
        SortedSet<string> names = new(StringComparer.Ordinal);
        AddNames(names);
        return names;
    }

    /// <summary>Whether a named dimension is in it.</summary>
    public bool Has(string name)
    {
        foreach (Term term in _terms)
        {
            foreach (Factor factor in term.Factors)
            {
                if (factor is Factor.Name named ? named.Text == name : factor is Factor.Operation operation && (operation.Left.Has(name) || operation.Right.Has(name)))
                    return true;
            }
        }
        return false;
    }

    public bool Equals(Dim? other) =>
        ReferenceEquals(this, other) || (other is not null && _hash == other._hash && _terms.Length == other._terms.Length && CompareTo(other) == 0);

    public override bool Equals(object? obj) => Equals(obj as Dim);

    public override int GetHashCode() => _hash;

    /// <summary>For people and golden files: <c>2*H+1</c>, <c>floor((W-1)/2)</c>, <c>?3</c>.</summary>
    public override string ToString() => _text ??= Write();

    private static bool IsMinimumOf(Dim minimum, Dim dim) =>
        minimum._terms.Length == 1 && minimum._terms[0] is { Coefficient: 1, Factors.Length: 1 } term
        && term.Factors[0] is Factor.Operation { Operator: Operator.Min } operation
        && ((operation.Left.Equals(dim) && operation.Right.Value > 1) || (operation.Right.Equals(dim) && operation.Left.Value > 1));

    private static Dim? Sum(Dim a, Dim b, long sign)
    {
        if (b._terms.Length == 0)
            return a;
        if (a.Value is { } x && b.Value is { } y)
            return TryMultiply(y, sign, out y) && TryAdd(x, y, out long sum) ? Of(sum) : null;
        List<Term> terms = [.. a._terms];
        foreach (Term term in b._terms)
        {
            if (!TryMultiply(term.Coefficient, sign, out long coefficient))
                return null;
            terms.Add(new Term(coefficient, term.Factors));
        }
        return Collect(terms);
    }

    private static Dim? Extreme(Operator which, Dim a, Dim b)
    {
        if (a.Equals(b))
            return a;
        if (a.Value is { } x && b.Value is { } y)
            return Of(which == Operator.Min ? Math.Min(x, y) : Math.Max(x, y));
        if ((a - b)?.IsNonNegative == true)
            return which == Operator.Min ? b : a;
        if ((b - a)?.IsNonNegative == true)
            return which == Operator.Min ? a : b;
        // Both orders are one dimension.
        return a.CompareTo(b) <= 0 ? Operation(which, a, b) : Operation(which, b, a);
    }

    private static Dim? Operation(Operator which, Dim a, Dim b)
    {
        return a._size + b._size > LargestSize ? null : new([new Term(1, [new Factor.Operation(which, a, b)])]);
    }

    private void AddNames(SortedSet<string> names)
    {
        foreach (Term term in _terms)
        {
            foreach (Factor factor in term.Factors)
            {
                if (factor is Factor.Name name)
                {
                    names.Add(name.Text);
                }
                else if (factor is Factor.Operation operation)
                {
                    operation.Left.AddNames(names);
                    operation.Right.AddNames(names);
                }
            }
        }
    }

    private string Write()
    {
        if (_terms.Length == 0)
            return "0";
        StringBuilder text = new();
        foreach (Term term in _terms)
        {
            string[] factors = [.. term.Factors.Select(f => f.ToString()!)];
            string coefficient = Math.Abs((decimal)term.Coefficient).ToString(CultureInfo.InvariantCulture);
            text.Append(term.Coefficient < 0 ? "-" : text.Length > 0 ? "+" : "");
            text.Append(factors.Length == 0 ? coefficient : (coefficient == "1" ? "" : coefficient + "*") + string.Join("*", factors));
        }
        return text.ToString();
    }
}
