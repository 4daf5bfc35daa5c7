using System;

namespace Cleave.Core.Graph;

/// <summary>What an attribute holds; the numbers are those of ONNX's AttributeProto.AttributeType.</summary>
internal enum AttributeKind
{
    Undefined = 0,
    Float = 1,
    Int = 2,
    String = 3,
    Tensor = 4,
    Graph = 5,
    Floats = 6,
    Ints = 7,
    Strings = 8,
    Tensors = 9,
    Graphs = 10,
    SparseTensor = 11,
    SparseTensors = 12,
    Type = 13,
    Types = 14,
}

/// <summary>An attribute of a node. One of the value properties is set, as <see cref="Kind"/> says; single values are lists of one.</summary>
internal sealed class NodeAttribute(string name, AttributeKind kind)
{
    public string Name { get; } = name;

    public AttributeKind Kind { get; } = kind;

    /// <summary>Inside a model-local function: the function's attribute that this one stands for.</summary>
    public string? Reference { get; init; }

    public long[] Ints { get; init; } = Array.Empty<long>();

    public float[] Floats { get; init; } = Array.Empty<float>();

    public AttributeText[] Strings { get; init; } = Array.Empty<AttributeText>();

    public TensorInfo[] Tensors { get; init; } = Array.Empty<TensorInfo>();

    public SparseTensorInfo[] SparseTensors { get; init; } = Array.Empty<SparseTensorInfo>();

    public OnnxGraph[] Graphs { get; init; } = Array.Empty<OnnxGraph>();

    public OnnxType[] Types { get; init; } = Array.Empty<OnnxType>();

    /// <summary>The attribute of a <c>Constant</c> node as a tensor; null where it is none, or strings.</summary>
    public TensorInfo? AsTensor() => Reference != null ? null : Kind switch
    {
        AttributeKind.Tensor => Tensors[0],
        AttributeKind.Float => Plain(ElementType.Float, []),
        AttributeKind.Floats => Plain(ElementType.Float, [Floats.Length]),
        AttributeKind.Int => Plain(ElementType.Int64, []),
        AttributeKind.Ints => Plain(ElementType.Int64, [Ints.Length]),
        _ => null,
    };

    private static TensorInfo Plain(ElementType element, long[] dims) =>
        new("", element, dims) { ByteSize = (dims.Length == 0 ? 1 : dims[0]) * (element.Bits() / 8) };
}

/// <summary>A string attribute. ONNX's are bytes: text where they are short UTF-8, otherwise only their number is kept.</summary>
internal readonly record struct AttributeText(string? Text, long ByteLength)
{
    /// <summary>Longer ones (embedded engines, vocabularies) are not kept.</summary>
    public const int LongestText = 1024;
}
