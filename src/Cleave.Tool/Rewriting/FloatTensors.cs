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

    public static float[] Read(TensorProto tensor) => tensor.RawData.Length > 0
        ? MemoryMarshal.Cast<byte, float>(tensor.RawData.Span).ToArray()
        : [.. tensor.FloatData];

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

    public static TensorProto Make(string name, long[] dims, byte[] values) => new()
    {
        Name = name,
        DataType = (int)ElementType.UInt8,
        Dims = { dims },
        RawData = ByteString.CopyFrom(values),
    };

    public static TensorProto Make(string name, long[] dims, int[] values) => new()
    {
        Name = name,
        DataType = (int)ElementType.Int32,
        Dims = { dims },
        RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())),
    };

    public static TensorProto Make(string name, byte value) => new() { Name = name, DataType = (int)ElementType.UInt8, RawData = ByteString.CopyFrom(value) };

    /// <summary>Puts elements into the message as bytes, which copies of the message share.</summary>
    /// <exception cref="RewriteException">They lie in a file that cannot be read.</exception>
    public static void Gather(ModelProto model, string folder)
    {
        ExternalWeights external = new(folder);
        foreach (TensorProto tensor in model.Graph.Initializer.Where(t => t.DataType == (int)ElementType.Float))
        {
            if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
            {
                tensor.RawData = UnsafeByteOperations.UnsafeWrap(external.Read(tensor));
                tensor.ExternalData.Clear();
                tensor.DataLocation = TensorProto.Types.DataLocation.Default;
            }
            else if (tensor.RawData.Length == 0 && tensor.FloatData.Count > 0)
            {
                tensor.RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(Read(tensor).AsSpan()));
                tensor.FloatData.Clear();
            }
        }
    }
}
