namespace Cleave.Core.Graph;

/// <summary>How a tensor's elements lie in the file.</summary>
internal enum Storage
{
    /// <summary>No elements are stored (an empty tensor), or the listing does not say.</summary>
    None,

    /// <summary>Little-endian and contiguous in <see cref="TensorInfo.Data"/>: raw_data, packed float_data or double_data. Can be mapped.</summary>
    Plain,

    /// <summary>As varints, one tag for each element, or strings: can only be copied with its message.</summary>
    Encoded,

    /// <summary>In another file (<see cref="TensorInfo.External"/>).</summary>
    External,
}

/// <summary>Elements in another file, relative to the model's folder. <c>Length</c> is null where the file does not say it.</summary>
internal sealed record ExternalData(string Location, long Offset, long? Length);

/// <summary>A constant tensor: an initializer, or a tensor in an attribute. Its elements are not read, but for small ones that shapes depend on.</summary>
internal sealed class TensorInfo(string name, ElementType element, long[] dims)
{
    public string Name { get; } = name;

    public ElementType Element { get; } = element;

    public long[] Dims { get; } = dims;

    /// <summary>Bytes of the elements in memory; 0 for strings.</summary>
    public long ByteSize { get; init; }

    public Storage Storage { get; init; }

    /// <summary>The elements in the file, where <see cref="Storage"/> is <see cref="Storage.Plain"/>.</summary>
    public ByteRange Data { get; init; } = ByteRange.None;

    public ExternalData? External { get; init; }

    /// <summary>The elements of a small tensor of int32, int64 or bool that shapes may depend on; null for all others.</summary>
    public long[]? Integers { get; init; }

    /// <summary>The elements of a small tensor of floats that shapes may depend on; null for all others.</summary>
    public float[]? Floats { get; init; }

    /// <summary>The whole TensorProto in the file.</summary>
    public ByteRange Message { get; init; } = ByteRange.None;
}

/// <summary>A sparse constant: the values, and where they stand in a tensor of <see cref="Dims"/>.</summary>
internal sealed class SparseTensorInfo(TensorInfo values, TensorInfo indices, long[] dims)
{
    /// <summary>The name of a sparse initializer is the name of its values.</summary>
    public string Name => Values.Name;

    public TensorInfo Values { get; } = values;

    public TensorInfo Indices { get; } = indices;

    public long[] Dims { get; } = dims;

    /// <summary>The whole SparseTensorProto in the file.</summary>
    public ByteRange Message { get; init; } = ByteRange.None;
}
