using System;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Tool.Rewriting;

/// <summary>Tensors of floats in a model's messages.</summary>
internal static class FloatTensors
{
    /// <summary>Whether a tensor is one of 32-bit floats whose elements stand in the message.</summary>
    public static bool IsInline(TensorProto tensor) =>
        tensor.DataType == (int)ElementType.Float && tensor.DataLocation != TensorProto.Types.DataLocation.External;

    /// <summary>A copy of its elements.</summary>
    public static float[] Read(TensorProto tensor) => Span(tensor).ToArray();

    /// <summary>Its elements, to be looked at.</summary>
    public static ReadOnlySpan<float> Span(TensorProto tensor) => tensor.RawData.Length > 0
        ? MemoryMarshal.Cast<byte, float>(tensor.RawData.Span)
        : tensor.FloatData.ToArray();

    public static TensorProto Make(string name, long[] dims, ElementType type, ByteString bytes) => new() { Name = name, DataType = (int)type, Dims = { dims }, RawData = bytes };

    public static TensorProto Make(string name, long[] dims, float[] values) => new()
    {
        Name = name,
        DataType = (int)ElementType.Float,
        Dims = { dims },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())),
    };

    public static TensorProto Make(string name, long[] dims, sbyte[] values) => new()
    {
        Name = name,
        DataType = (int)ElementType.Int8,
        Dims = { dims },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())),
    };

    public static TensorProto Make(string name, long[] dims, int[] values) => new()
    {
        Name = name,
        DataType = (int)ElementType.Int32,
        Dims = { dims },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())),
    };

    public static TensorProto Make(string name, byte value) => new() { Name = name, DataType = (int)ElementType.UInt8, RawData = ByteString.CopyFrom(value) };

    /// <summary>Puts the floats of initializers into the message as bytes, which copies of the message share.</summary>
    public static void Gather(ModelProto model)
    {
        foreach (TensorProto tensor in model.Graph.Initializer.Where(static t => t.DataType == (int)ElementType.Float && t.RawData.Length == 0 && t.FloatData.Count > 0))
        {
            tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(Span(tensor)));
            tensor.FloatData.Clear();
        }
    }
}
