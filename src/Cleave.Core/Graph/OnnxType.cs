namespace Cleave.Core.Graph;

/// <summary>One dimension: a number, a name, or neither (unknown).</summary>
internal readonly record struct Dimension(long? Value, string? Name)
{
    public static readonly Dimension Unknown = default;

    public static Dimension Fixed(long value) => new(value, null);

    public static Dimension Named(string name) => new(null, name);
}

/// <summary>The type of a value, as ONNX's TypeProto says it.</summary>
internal abstract record OnnxType
{
    /// <summary>Nothing is said about the type.</summary>
    public sealed record Unknown : OnnxType
    {
        public static readonly Unknown Instance = new();
    }

    /// <summary>A dense tensor; <paramref name="Shape"/> is null where not even the rank is known.</summary>
    public sealed record Tensor(ElementType Element, Dimension[]? Shape) : OnnxType;

    public sealed record SparseTensor(ElementType Element, Dimension[]? Shape) : OnnxType;

    public sealed record Sequence(OnnxType Element) : OnnxType;

    public sealed record Optional(OnnxType Element) : OnnxType;

    public sealed record Map(ElementType Key, OnnxType Value) : OnnxType;

    /// <summary>A type of a custom domain.</summary>
    public sealed record Opaque(string Domain, string Name) : OnnxType;
}

/// <summary>A named, typed value: an input, an output, or what the file says of an inner value.</summary>
internal sealed class ValueInfo(string name, OnnxType type)
{
    public string Name { get; } = name;

    public OnnxType Type { get; } = type;

    /// <summary>The exporter's description. Untrusted text; not part of the graph's hash.</summary>
    public string DocString { get; init; } = "";

    /// <summary>The whole ValueInfoProto in the file.</summary>
    public ByteRange Message { get; init; } = ByteRange.None;
}
