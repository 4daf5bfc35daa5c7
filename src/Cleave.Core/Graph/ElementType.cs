namespace Cleave.Core.Graph;

/// <summary>Element type of a tensor; the numbers are those of ONNX's TensorProto.DataType.</summary>
internal enum ElementType
{
    Undefined = 0,
    Float = 1,
    UInt8 = 2,
    Int8 = 3,
    UInt16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    String = 8,
    Bool = 9,
    Float16 = 10,
    Double = 11,
    UInt32 = 12,
    UInt64 = 13,
    Complex64 = 14,
    Complex128 = 15,
    BFloat16 = 16,
    Float8E4M3FN = 17,
    Float8E4M3FNUZ = 18,
    Float8E5M2 = 19,
    Float8E5M2FNUZ = 20,
    UInt4 = 21,
    Int4 = 22,
    Float4E2M1 = 23,
    Float8E8M0 = 24,
    UInt2 = 25,
    Int2 = 26,
}

internal static class ElementTypes
{
    /// <summary>The word for a type in listings and messages.</summary>
    public static string Word(this ElementType type) => type switch
    {
        ElementType.Undefined => "undefined",
        ElementType.Float => "float",
        ElementType.UInt8 => "uint8",
        ElementType.Int8 => "int8",
        ElementType.UInt16 => "uint16",
        ElementType.Int16 => "int16",
        ElementType.Int32 => "int32",
        ElementType.Int64 => "int64",
        ElementType.String => "string",
        ElementType.Bool => "bool",
        ElementType.Float16 => "float16",
        ElementType.Double => "double",
        ElementType.UInt32 => "uint32",
        ElementType.UInt64 => "uint64",
        ElementType.Complex64 => "complex64",
        ElementType.Complex128 => "complex128",
        ElementType.BFloat16 => "bfloat16",
        ElementType.Float8E4M3FN => "float8e4m3fn",
        ElementType.Float8E4M3FNUZ => "float8e4m3fnuz",
        ElementType.Float8E5M2 => "float8e5m2",
        ElementType.Float8E5M2FNUZ => "float8e5m2fnuz",
        ElementType.UInt4 => "uint4",
        ElementType.Int4 => "int4",
        ElementType.Float4E2M1 => "float4e2m1",
        ElementType.Float8E8M0 => "float8e8m0",
        ElementType.UInt2 => "uint2",
        ElementType.Int2 => "int2",
        _ => throw new System.ArgumentOutOfRangeException(nameof(type), type, null),
    };

    /// <summary>Whether ONNX Runtime's C# binding has tensors of it: only those can be given, taken, or handed from one session to another.</summary>
    public static bool IsInBinding(this ElementType type) => type is >= ElementType.Float and <= ElementType.UInt64 or ElementType.BFloat16;

    /// <summary>Whether ONNX knows the number; a file from the future may hold others.</summary>
    public static bool IsKnown(int number) => number is > 0 and <= (int)ElementType.Int2;

    /// <summary>Bits of one element in memory and in raw data; 0 for strings, whose size is not fixed.</summary>
    public static int Bits(this ElementType type) => type switch
    {
        ElementType.Complex128 => 128,
        ElementType.Double or ElementType.Int64 or ElementType.UInt64 or ElementType.Complex64 => 64,
        ElementType.Float or ElementType.Int32 or ElementType.UInt32 => 32,
        ElementType.Float16 or ElementType.BFloat16 or ElementType.Int16 or ElementType.UInt16 => 16,
        ElementType.UInt4 or ElementType.Int4 or ElementType.Float4E2M1 => 4,
        ElementType.UInt2 or ElementType.Int2 => 2,
        ElementType.String or ElementType.Undefined => 0,
        _ => 8,
    };
}
