using System;
using Cleave.Core.Graph;

namespace Cleave.Core.Shapes;

/// <summary>What is known of a value before anything runs. Immutable.</summary>
internal sealed record ValueFacts
{
    /// <summary>Nothing is known.</summary>
    public static readonly ValueFacts Unknown = new();

    /// <summary>The element type of a tensor; Undefined where it is unknown, and for what is no tensor.</summary>
    public ElementType Element { get; init; }

    /// <summary>The shape; null where not even the rank is known. Never changed once it is here.</summary>
    public Dim[]? Shape { get; init; }

    /// <summary>The elements of a small tensor of whole numbers or truth values (0, 1), in row-major order: what shapes are computed from. Null where they are not known.</summary>
    public Dim[]? Content { get; init; }

    /// <summary>The elements of a small constant of floats, where a shape may depend on them.</summary>
    public float[]? Floats { get; init; }

    /// <summary>The element of a sequence or an optional; null for tensors.</summary>
    public ValueFacts? Item { get; init; }

    /// <summary>What the value is.</summary>
    public ValueKind Kind { get; init; }

    /// <summary>Whether it is a tensor of known element type: only there a graph can be cut.</summary>
    public bool CanBeCut => Kind == ValueKind.Tensor && Element != ElementType.Undefined;

    public static ValueFacts Tensor(ElementType element, Dim[]? shape) => new() { Kind = ValueKind.Tensor, Element = element, Shape = shape };

    /// <summary>Elements of a tensor, as a polynomial; null where it is not known.</summary>
    public Dim? Count()
    {
        if (Shape is null)
            return null;
        Dim? count = Dim.One;
        foreach (Dim dim in Shape)
            count = count is null ? null : count * dim;
        return count;
    }

    /// <summary>For messages and golden files: <c>float [batch,2*H+1]</c>.</summary>
    public override string ToString() => Kind switch
    {
        ValueKind.Tensor => Element.Word() + (Shape is null ? " *" : " [" + string.Join(",", Array.ConvertAll(Shape, d => d.ToString())) + "]"),
        ValueKind.Sequence => "sequence(" + Item + ")",
        ValueKind.Optional => "optional(" + Item + ")",
        _ => "unknown",
    };
}

/// <summary>What a value is; Unknown where that is not known, and for maps, sparse tensors and opaque types, with which nothing is done.</summary>
internal enum ValueKind
{
    Unknown,
    Tensor,
    Sequence,
    Optional,
}
