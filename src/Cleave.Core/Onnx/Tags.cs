namespace Cleave.Core.Onnx;

/// <summary>
/// The tags of onnx.proto's fields: number and wire type in one, as they stand in the file. A field with
/// another wire type than the one expected is an unknown field to protobuf, so tags are compared whole.
/// </summary>
internal static class Tags
{
    public const int Varint = 0;
    public const int Fixed64 = 1;
    public const int Bytes = 2;
    public const int Fixed32 = 5;

    public static class Model
    {
        public const int IrVersion = 1 << 3 | Varint;
        public const int ProducerName = 2 << 3 | Bytes;
        public const int ProducerVersion = 3 << 3 | Bytes;
        public const int Domain = 4 << 3 | Bytes;
        public const int Version = 5 << 3 | Varint;
        public const int DocString = 6 << 3 | Bytes;
        public const int Graph = 7 << 3 | Bytes;
        public const int Opset = 8 << 3 | Bytes;
        public const int Metadata = 14 << 3 | Bytes;
        public const int Function = 25 << 3 | Bytes;
    }

    public static class Opset
    {
        public const int Domain = 1 << 3 | Bytes;
        public const int Version = 2 << 3 | Varint;
    }

    public static class Entry
    {
        public const int Key = 1 << 3 | Bytes;
        public const int Value = 2 << 3 | Bytes;
    }

    public static class Function
    {
        public const int Name = 1 << 3 | Bytes;
        public const int Input = 4 << 3 | Bytes;
        public const int Output = 5 << 3 | Bytes;
        public const int AttributeName = 6 << 3 | Bytes;
        public const int Node = 7 << 3 | Bytes;
        public const int Opset = 9 << 3 | Bytes;
        public const int Domain = 10 << 3 | Bytes;
        public const int DefaultedAttribute = 11 << 3 | Bytes;
        public const int ValueInfo = 12 << 3 | Bytes;
        public const int Overload = 13 << 3 | Bytes;
    }

    public static class Graph
    {
        public const int Node = 1 << 3 | Bytes;
        public const int Name = 2 << 3 | Bytes;
        public const int Initializer = 5 << 3 | Bytes;
        public const int DocString = 10 << 3 | Bytes;
        public const int Input = 11 << 3 | Bytes;
        public const int Output = 12 << 3 | Bytes;
        public const int ValueInfo = 13 << 3 | Bytes;
        public const int SparseInitializer = 15 << 3 | Bytes;
    }

    public static class Node
    {
        public const int Input = 1 << 3 | Bytes;
        public const int Output = 2 << 3 | Bytes;
        public const int Name = 3 << 3 | Bytes;
        public const int OpType = 4 << 3 | Bytes;
        public const int Attribute = 5 << 3 | Bytes;
        public const int Domain = 7 << 3 | Bytes;
        public const int Overload = 8 << 3 | Bytes;
    }

    public static class Attribute
    {
        public const int Name = 1 << 3 | Bytes;
        public const int Float = 2 << 3 | Fixed32;
        public const int Int = 3 << 3 | Varint;
        public const int String = 4 << 3 | Bytes;
        public const int Tensor = 5 << 3 | Bytes;
        public const int Graph = 6 << 3 | Bytes;
        public const int FloatsOne = 7 << 3 | Fixed32;
        public const int FloatsPacked = 7 << 3 | Bytes;
        public const int IntsOne = 8 << 3 | Varint;
        public const int IntsPacked = 8 << 3 | Bytes;
        public const int Strings = 9 << 3 | Bytes;
        public const int Tensors = 10 << 3 | Bytes;
        public const int Graphs = 11 << 3 | Bytes;
        public const int Type = 14 << 3 | Bytes;
        public const int Types = 15 << 3 | Bytes;
        public const int Kind = 20 << 3 | Varint;
        public const int Reference = 21 << 3 | Bytes;
        public const int SparseTensor = 22 << 3 | Bytes;
        public const int SparseTensors = 23 << 3 | Bytes;
    }

    public static class Tensor
    {
        public const int DimsOne = 1 << 3 | Varint;
        public const int DimsPacked = 1 << 3 | Bytes;
        public const int Element = 2 << 3 | Varint;
        public const int FloatOne = 4 << 3 | Fixed32;
        public const int FloatPacked = 4 << 3 | Bytes;
        public const int Int32One = 5 << 3 | Varint;
        public const int Int32Packed = 5 << 3 | Bytes;
        public const int String = 6 << 3 | Bytes;
        public const int Int64One = 7 << 3 | Varint;
        public const int Int64Packed = 7 << 3 | Bytes;
        public const int Name = 8 << 3 | Bytes;
        public const int Raw = 9 << 3 | Bytes;
        public const int DoubleOne = 10 << 3 | Fixed64;
        public const int DoublePacked = 10 << 3 | Bytes;
        public const int UInt64One = 11 << 3 | Varint;
        public const int UInt64Packed = 11 << 3 | Bytes;
        public const int ExternalEntry = 13 << 3 | Bytes;
        public const int Location = 14 << 3 | Varint;
    }

    public static class SparseTensor
    {
        public const int Values = 1 << 3 | Bytes;
        public const int Indices = 2 << 3 | Bytes;
        public const int DimsOne = 3 << 3 | Varint;
        public const int DimsPacked = 3 << 3 | Bytes;
    }

    public static class ValueInfo
    {
        public const int Name = 1 << 3 | Bytes;
        public const int Type = 2 << 3 | Bytes;
        public const int DocString = 3 << 3 | Bytes;
    }

    public static class Type
    {
        public const int Tensor = 1 << 3 | Bytes;
        public const int Sequence = 4 << 3 | Bytes;
        public const int Map = 5 << 3 | Bytes;
        public const int Opaque = 7 << 3 | Bytes;
        public const int SparseTensor = 8 << 3 | Bytes;
        public const int Optional = 9 << 3 | Bytes;
    }

    /// <summary>Of TypeProto.Tensor and .SparseTensor, which are alike.</summary>
    public static class TensorType
    {
        public const int Element = 1 << 3 | Varint;
        public const int Shape = 2 << 3 | Bytes;
    }

    /// <summary>Of TypeProto.Sequence and .Optional, which are alike.</summary>
    public static class Wrapper
    {
        public const int Element = 1 << 3 | Bytes;
    }

    public static class Map
    {
        public const int Key = 1 << 3 | Varint;
        public const int Value = 2 << 3 | Bytes;
    }

    public static class Opaque
    {
        public const int Domain = 1 << 3 | Bytes;
        public const int Name = 2 << 3 | Bytes;
    }

    public static class Shape
    {
        public const int Dimension = 1 << 3 | Bytes;
    }

    public static class Dimension
    {
        public const int Value = 1 << 3 | Varint;
        public const int Parameter = 2 << 3 | Bytes;
    }
}
