using System;
using System.IO;
using Cleave.Core.Onnx.Slicing;
using Cleave.OnnxProto;
using Google.Protobuf;
using Microsoft.Win32.SafeHandles;

namespace Cleave.Tool.Rewriting;

/// <summary>
/// Large constants of models that are tried one after the other, in one file: messages say where they lie, and sessions map them, so
/// that no trial holds weights of its own. Not thread-safe.
/// </summary>
/// <param name="path">The file, which is made here and deleted by who names it.</param>
internal sealed class WeightFile(string path)
{
    // As in sub-models.
    private const int Least = (int)SubModelWriter.SmallestMapped;
    private const long Page = 4096;

    private long _end;

    /// <summary>Bytes for a message: large ones lie in the file from now on.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public ByteString Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Least)
            return ByteString.CopyFrom(bytes);
        LeftArrays.Add(bytes.Length);
        FileBytes kept = new(path, _end, bytes.Length);
        // Closed again: on Windows nothing is mapped that is open to be written.
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write))
            RandomAccess.Write(file, bytes, _end);
        _end = (_end + bytes.Length + Page - 1) / Page * Page;
        return UnsafeByteOperations.UnsafeWrap(kept.Memory);
    }

    /// <summary>Moves the large initializers of a model there.</summary>
    public void Take(ModelProto model)
    {
        foreach (TensorProto tensor in model.Graph.Initializer)
        {
            if (tensor.RawData.Length >= Least)
                tensor.RawData = Keep(tensor.RawData.Span);
        }
    }

    /// <summary>A model for a session: what lies in a file becomes external data there.</summary>
    /// <param name="model">The model; it is not changed.</param>
    /// <param name="folder">The folder that the session must know; null where all stands in the message.</param>
    public static byte[] Refer(ModelProto model, out string? folder)
    {
        folder = null;
        ModelProto light = model.Clone();
        foreach (TensorProto tensor in light.Graph.Initializer)
        {
            if (FileBytes.Of(tensor.RawData) is not { } file)
                continue;
            folder = Path.GetDirectoryName(file.Path);
            ExternalWeights.Point(tensor, Path.GetFileName(file.Path), file.Offset, tensor.RawData.Length);
            tensor.RawData = ByteString.Empty;
        }
        return light.ToByteArray();
    }
}
