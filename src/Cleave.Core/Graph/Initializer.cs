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
    /// <summary>Elements of the largest tensor whose elements are kept.</summary>
    public const int MostKept = 64;

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
    public long[]? Integers { get; private set; }

    /// <summary>The elements of a small tensor of floats that shapes may depend on; null for all others.</summary>
    public float[]? Floats { get; private set; }

    /// <summary>The whole TensorProto in the file.</summary>
    public ByteRange Message { get; init; } = ByteRange.None;

    /// <summary>The number of elements where they may be kept: at most <see cref="MostKept"/> of a type that shapes are made from.</summary>
    public int? SmallCount()
    {
        if (Element is not (ElementType.Int64 or ElementType.Int32 or ElementType.Bool or ElementType.Float or ElementType.Double))
            return null;
        long count = 1;
        foreach (long dim in Dims)
        {
            if (dim is < 0 or > MostKept || count * dim > MostKept)
                return null;
            count *= dim;
        }
        return (int)count;
    }

    /// <summary>Keeps its elements. Only while a model is read: whether shapes depend on them is known when the whole graph is.</summary>
    public void Keep(long[]? integers, float[]? floats)
    {
        Integers = integers;
        Floats = floats;
    }
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
