namespace Cleave.Core.Graph;

/// <summary>Bytes of the model file: where something stands that is copied or mapped later, never read now.</summary>
internal readonly record struct ByteRange(long Offset, long Length)
{
    public static readonly ByteRange None = new(-1, 0);

    public bool Exists => Offset >= 0;

    public long End => Offset + Length;
}
