using System;
using System.Collections.Generic;
using System.Globalization;

namespace Cleave.Core.Shapes;

// What the polynomial is made of, and how its terms are put in order and reckoned with.
internal sealed partial class Dim
{
    private enum Operator
    {
        FloorDivide,
        Min,
        Max,
        Broadcast,
    }

    private readonly struct Term(long coefficient, Factor[] factors)
    {
        public readonly long Coefficient = coefficient;

        // Sorted; one that occurs twice is squared.
        public readonly Factor[] Factors = factors;

        public int Hash
        {
            get
            {
                int hash = Coefficient.GetHashCode();
                foreach (Factor factor in Factors)
                    hash = unchecked((hash * 31) + factor.Hash);
                return hash;
            }
        }
    }

    private abstract class Factor
    {
        public abstract bool IsKnown { get; }

        public abstract int Hash { get; }

        public virtual int Size => 1;

        public virtual bool IsNonNegative => true;

        public abstract long? Evaluate(Func<string, long?> dimension);

        // Names, then unknowns, then operations.
        public int CompareTo(Factor other) => ReferenceEquals(this, other) ? 0 : (this, other) switch
        {
            (Name a, Name b) => string.CompareOrdinal(a.Text, b.Text),
            (Unknown a, Unknown b) => a.Number.CompareTo(b.Number),
            (Operation a, Operation b) => a.Compare(b),
            _ => Rank.CompareTo(other.Rank),
        };

        protected abstract int Rank { get; }

        public sealed class Name(string text) : Factor
        {
            public readonly string Text = text;

            public override bool IsKnown => true;

            public override int Hash { get; } = StringComparer.Ordinal.GetHashCode(text);

            protected override int Rank => 0;

            public override long? Evaluate(Func<string, long?> dimension) => dimension(Text);

            public override string ToString() => Text;
        }

        public sealed class Unknown(int number) : Factor
        {
            public readonly int Number = number;

            public override bool IsKnown => false;

            public override int Hash => Number;

            protected override int Rank => 1;

            public override long? Evaluate(Func<string, long?> dimension) => null;

            // Numbers of dimensions are not negative.
            public override bool IsNonNegative => Number >= 0;

            public override string ToString() => (Number < 0 ? "#" : "?") + (Number < 0 ? ~Number : Number).ToString(CultureInfo.InvariantCulture);
        }

        public sealed class Operation(Operator which, Dim left, Dim right) : Factor
        {
            public readonly Operator Operator = which;
            public readonly Dim Left = left;
            public readonly Dim Right = right;

            public override bool IsKnown { get; } = left.IsKnown && right.IsKnown;

            public override int Hash { get; } = unchecked((((int)which * 31) + left._hash) * 31 + right._hash);

            public override int Size { get; } = 1 + left._size + right._size;

            public override bool IsNonNegative { get; } = which == Operator.Max
                ? left.IsNonNegative || right.IsNonNegative
                : left.IsNonNegative && right.IsNonNegative;

            protected override int Rank => 2;

            public int Compare(Operation other)
            {
                int order = Operator.CompareTo(other.Operator);
                if (order == 0)
                    order = Left.CompareTo(other.Left);
                return order != 0 ? order : Right.CompareTo(other.Right);
            }

            public override long? Evaluate(Func<string, long?> dimension)
            {
                if (Left.Evaluate(dimension) is not { } a || Right.Evaluate(dimension) is not { } b)
                    return null;
                return Operator switch
                {
                    Operator.Min => Math.Min(a, b),
                    Operator.Max => Math.Max(a, b),
                    // Others do not fit: the model fails there.
                    Operator.Broadcast => a == b || b == 1 ? a : a == 1 ? b : null,
                    _ => b == 0 || (a == long.MinValue && b == -1) ? null : Floor(a, b),
                };
            }

            public override string ToString() => Operator switch
            {
                Operator.Min => "min(" + Left + "," + Right + ")",
                Operator.Max => "max(" + Left + "," + Right + ")",
                Operator.Broadcast => "broadcast(" + Left + "," + Right + ")",
                _ => "floor(" + Bracketed(Left, Left._terms.Length > 1) + "/" + Bracketed(Right, Right.Value is null) + ")",
            };

            private static string Bracketed(Dim dim, bool brackets) => brackets ? "(" + dim + ")" : dim.ToString();
        }
    }

    // Sorted by factors, equal ones added up, none of coefficient zero: the one form of a polynomial.
    private static Dim? Collect(List<Term> terms)
    {
        if (terms.Count > 1)
            terms.Sort(static (a, b) => Compare(a.Factors, b.Factors));
        List<Term> result = new(terms.Count);
        foreach (Term term in terms)
        {
            if (result.Count > 0 && Compare(result[result.Count - 1].Factors, term.Factors) == 0)
            {
                if (!TryAdd(result[result.Count - 1].Coefficient, term.Coefficient, out long sum))
                    return null;
                result[result.Count - 1] = new Term(sum, term.Factors);
            }
            else
            {
                result.Add(term);
            }
            if (result[result.Count - 1].Coefficient == 0)
                result.RemoveAt(result.Count - 1);
        }
        if (result.Count > MostTerms)
            return null;
        Dim dim = new([.. result]);
        return dim._size > LargestSize ? null : dim;
    }

    private static Factor[] Merge(Factor[] a, Factor[] b)
    {
        if (a.Length == 0)
            return b;
        if (b.Length == 0)
            return a;
        Factor[] merged = [.. a, .. b];
        Array.Sort(merged, static (x, y) => x.CompareTo(y));
        return merged;
    }

    // Null where not all of the divisor's factors are there.
    private static Factor[]? Without(Factor[] factors, Factor[] divisor)
    {
        List<Factor> left = [.. factors];
        foreach (Factor factor in divisor)
        {
            int at = left.FindIndex(f => f.CompareTo(factor) == 0);
            if (at < 0)
                return null;
            left.RemoveAt(at);
        }
        return [.. left];
    }

    // Longer products first, then by their factors; the constant comes last.
    private static int Compare(Factor[] a, Factor[] b)
    {
        if (a.Length != b.Length)
            return b.Length - a.Length;
        for (int i = 0; i < a.Length; i++)
        {
            int order = a[i].CompareTo(b[i]);
            if (order != 0)
                return order;
        }
        return 0;
    }

    private int CompareTo(Dim other)
    {
        if (ReferenceEquals(this, other))
            return 0;
        for (int i = 0; i < _terms.Length && i < other._terms.Length; i++)
        {
            int order = Compare(_terms[i].Factors, other._terms[i].Factors);
            if (order == 0)
                order = _terms[i].Coefficient.CompareTo(other._terms[i].Coefficient);
            if (order != 0)
                return order;
        }
        return _terms.Length - other._terms.Length;
    }

    private static long Floor(long a, long b)
    {
        long quotient = a / b;
        return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
    }

    private static bool TryAdd(long a, long b, out long sum)
    {
        sum = unchecked(a + b);
        return ((a ^ sum) & (b ^ sum)) >= 0;
    }

    private static bool TryMultiply(long a, long b, out long product)
    {
        product = unchecked(a * b);
        if (a is >= int.MinValue and <= int.MaxValue && b is >= int.MinValue and <= int.MaxValue)
            return true;
        // The smallest number divided by -1 is an exception.
        return a == 0 || b == 0 || (a == -1 ? b != long.MinValue : b == -1 ? a != long.MinValue : product / a == b);
    }
}
