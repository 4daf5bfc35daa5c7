using Cleave.Core.Graph;

namespace Cleave.Generator.Model;

/// <summary>ONNX types in words, and their elements in C#.</summary>
internal static class TypeText
{
    /// <summary>The type of a tensor's elements in C#, or null where ONNX Runtime's binding has none.</summary>
    public static string? CSharp(ElementType element) => element switch
    {
        ElementType.Float => "float",
        ElementType.Double => "double",
        ElementType.Float16 => "global::System.Half",
        ElementType.BFloat16 => "global::Microsoft.ML.OnnxRuntime.BFloat16",
        ElementType.Int8 => "sbyte",
        ElementType.UInt8 => "byte",
        ElementType.Int16 => "short",
        ElementType.UInt16 => "ushort",
        ElementType.Int32 => "int",
        ElementType.UInt32 => "uint",
        ElementType.Int64 => "long",
        ElementType.UInt64 => "ulong",
        ElementType.Bool => "bool",
        ElementType.String => "string",
        _ => null,
    };

    public static string Words(OnnxType type) => type switch
    {
        OnnxType.Tensor tensor => "tensor(" + tensor.Element.Word() + ")",
        OnnxType.SparseTensor sparse => "sparse_tensor(" + sparse.Element.Word() + ")",
        OnnxType.Sequence sequence => "seq(" + Words(sequence.Element) + ")",
        OnnxType.Optional optional => "optional(" + Words(optional.Element) + ")",
        OnnxType.Map map => "map(" + map.Key.Word() + "," + Words(map.Value) + ")",
        OnnxType.Opaque opaque => "opaque(" + opaque.Domain + "," + opaque.Name + ")",
        _ => "unknown",
    };
}
