using System;
using System.Globalization;

namespace Cleave.Core.Shapes;

// What the polynomial is made of.
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
}
