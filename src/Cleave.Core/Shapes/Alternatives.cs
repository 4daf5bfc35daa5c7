using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>What is known of a value that is one of several: what they have in common.</summary>
internal static class Alternatives
{
    public static ValueFacts Of(NodeContext node, ValueFacts one, ValueFacts other)
    {
        if (ReferenceEquals(one, other))
            return one;
        if (one.Kind != other.Kind || one.Kind == ValueKind.Unknown)
            return ValueFacts.Unknown;
        if (one.Kind != ValueKind.Tensor)
            return new ValueFacts { Kind = one.Kind, Item = Of(node, one.Item ?? ValueFacts.Unknown, other.Item ?? ValueFacts.Unknown) };
        return ValueFacts.Tensor(one.Element == other.Element ? one.Element : ElementType.Undefined, Shape(node, one.Shape, other.Shape)) with
        {
            Content = Same(one.Content, other.Content) ? one.Content : null,
        };
    }

    /// <summary>Equal dimensions stay, others become unknown; null where the ranks differ.</summary>
    public static Dim[]? Shape(NodeContext node, Dim[]? one, Dim[]? other)
    {
        if (one is null || other is null || one.Length != other.Length)
            return null;
        Dim[] shape = new Dim[one.Length];
        for (int i = 0; i < shape.Length; i++)
            shape[i] = one[i].Equals(other[i]) ? one[i] : node.Unknown();
        return shape;
    }

    private static bool Same(Dim[]? one, Dim[]? other)
    {
        if (one is null || other is null || one.Length != other.Length)
            return false;
        for (int i = 0; i < one.Length; i++)
        {
            if (!one[i].Equals(other[i]))
                return false;
        }
        return true;
    }
}
