using System;
using System.Linq;
using System.Runtime.InteropServices;
using Cleave.Core.Graph;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.TestKit.Synthetic;

/// <summary>Tensors as a file holds them.</summary>
internal static class Tensors
{
    public static long Count(long[] dims) => dims.Aggregate(1L, (a, b) => a * b);

    /// <summary>Floats, or the halves nearest to them.</summary>
    public static TensorProto Floats(ElementType element, long[] dims, float[] values) => element switch
    {
        ElementType.Float => Of(element, dims, values),
        ElementType.Float16 => Of(element, dims, Array.ConvertAll(values, v => (Half)v)),
        _ => throw new NotSupportedException(element.ToString()),
    };

    public static TensorProto Int64s(long[] dims, params long[] values) => Of(ElementType.Int64, dims, values);

    public static TensorProto Of<T>(ElementType element, long[] dims, params T[] values)
        where T : unmanaged
    {
        if (values.Length != Count(dims))
            throw new ArgumentException($"{values.Length} values for {Count(dims)} elements");
        byte[] raw = MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        return new TensorProto { DataType = (int)element, Dims = { dims }, RawData = UnsafeByteOperations.UnsafeWrap(raw) };
    }
}
