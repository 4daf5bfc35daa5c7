using Cleave.OnnxProto;

namespace Cleave.TestKit.Synthetic;

/// <summary>A dimension of an input or output: a size or a name.</summary>
internal readonly record struct Dim(long Size, string? Name)
{
    public static implicit operator Dim(long size) => new(size, null);

    public static implicit operator Dim(string name) => new(0, name);

    public TensorShapeProto.Types.Dimension ToProto() => Name is null ? new() { DimValue = Size } : new() { DimParam = Name };
}
