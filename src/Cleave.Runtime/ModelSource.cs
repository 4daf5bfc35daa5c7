using System;

namespace Cleave;

/// <summary>Where a model comes from. Immutable.</summary>
public sealed class ModelSource
{
    private ModelSource(string? path, ReadOnlyMemory<byte> model)
    {
        Path = path;
        Model = model;
    }

    /// <summary>The full path of the file; null for a model in memory.</summary>
    internal string? Path { get; }

    internal ReadOnlyMemory<byte> Model { get; }

    /// <summary>A file. It is opened once and held while the runner lives; replace it by renaming a new file over it.</summary>
    /// <param name="path">Its path; a relative one is resolved now, against the current directory.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    public static ModelSource File(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new ModelSource(System.IO.Path.GetFullPath(path), default);
    }

    /// <summary>A model in memory: embedded, downloaded, decrypted. It may not have weights in other files.</summary>
    /// <param name="model">The bytes of the <c>.onnx</c> file. Not copied: they must stay as they are while the runner lives.</param>
    public static ModelSource Bytes(ReadOnlyMemory<byte> model) => new(null, model);
}
