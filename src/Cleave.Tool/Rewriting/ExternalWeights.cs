using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Core.Graph;
using Cleave.Core.Onnx;
using Cleave.OnnxProto;
using Google.Protobuf;

namespace Cleave.Tool.Rewriting;

/// <summary>
/// Takes the external weights of a model along to another folder: the bytes that are needed go into one file there, each tensor
/// at the start of a page, so that it can be mapped.
/// </summary>
internal sealed class ExternalWeights(string folder)
{
    private const long Page = 4096;

    private readonly Dictionary<(string Path, long Offset, long Length), (string File, long Offset)> _moved = [];

    public static bool Has(ModelProto model) => AllTensors.Of(model).Any(IsExternal);

    /// <summary>The files, as full paths, that a model reads.</summary>
    public IEnumerable<string> Files(ModelProto model) => AllTensors.Of(model).Where(IsExternal).Select(t => PathOf(t)).Distinct(StringComparer.Ordinal);

    /// <summary>Copies what was not copied yet into a new file, and points the tensors to where their bytes are now.</summary>
    public void Move(ModelProto model, string file)
    {
        using FileStream target = File.Create(file);
        foreach (TensorProto tensor in AllTensors.Of(model).Where(IsExternal))
        {
            (string Path, long Offset, long Length) from = (PathOf(tensor), Number(tensor, "offset") ?? 0, Number(tensor, "length") ?? Size(tensor));
            if (!_moved.TryGetValue(from, out (string File, long Offset) to))
            {
                target.Position = (target.Length + Page - 1) / Page * Page;
                to = (Path.GetFileName(file), target.Position);
                Copy(from.Path, from.Offset, from.Length, target, tensor.Name);
                _moved.Add(from, to);
            }
            Point(tensor, to.File, to.Offset, from.Length);
        }
    }

    /// <summary>Puts all external tensors into the message, whatever their type and in bodies, too: what is written of it anywhere stands alone.</summary>
    /// <exception cref="RewriteException">They cannot be read, or are too many for a message.</exception>
    public void TakeIn(ModelProto model)
    {
        long sum = 0;
        foreach (TensorProto tensor in AllTensors.Of(model).Where(IsExternal))
        {
            long offset = Number(tensor, "offset") ?? 0, length = Number(tensor, "length") ?? Size(tensor);
            using FileStream source = Open(PathOf(tensor), offset, length, tensor.Name);
            if ((sum += length) > int.MaxValue)
                throw new RewriteException($"The weights of '{tensor.Name}' and those before it have over 2 GB, which is too much for one file.");
            byte[] bytes = GC.AllocateUninitializedArray<byte>((int)length);
            source.ReadExactly(bytes);
            tensor.RawData = UnsafeByteOperations.UnsafeWrap(bytes);
            tensor.ExternalData.Clear();
            tensor.DataLocation = TensorProto.Types.DataLocation.Default;
        }
    }

    /// <summary>The file that was moved to gets another name.</summary>
    public static void Rename(ModelProto model, string from, string to)
    {
        foreach (StringStringEntryProto entry in AllTensors.Of(model).Where(IsExternal).SelectMany(t => t.ExternalData))
        {
            if (entry.Key == "location" && entry.Value == from)
                entry.Value = to;
        }
    }

    /// <summary>Says where a tensor's bytes are.</summary>
    public static void Point(TensorProto tensor, string file, long offset, long length)
    {
        tensor.DataLocation = TensorProto.Types.DataLocation.External;
        tensor.ExternalData.Clear();
        Set("location", file);
        Set("offset", offset.ToString(CultureInfo.InvariantCulture));
        Set("length", length.ToString(CultureInfo.InvariantCulture));

        void Set(string key, string value) => tensor.ExternalData.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    private static bool IsExternal(TensorProto tensor) => tensor.DataLocation == TensorProto.Types.DataLocation.External;

    private static string? Entry(TensorProto tensor, string key) => tensor.ExternalData.LastOrDefault(e => e.Key == key)?.Value;

    private string PathOf(TensorProto tensor) => ExternalLocation.Below(Entry(tensor, "location") ?? "") is { } path
        ? Path.Combine(folder, path)
        : throw new RewriteException($"The weights of '{tensor.Name}' lie at '{Entry(tensor, "location")}', outside the model's folder: nothing is read there.");

    private static long? Number(TensorProto tensor, string key)
    {
        if (Entry(tensor, key) is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new RewriteException($"The {key} of the external data of '{tensor.Name}' is '{text}', which is no number.");
    }

    private static long Size(TensorProto tensor) =>
        ((tensor.Dims.Aggregate(1L, (count, dim) => checked(count * dim)) * ((ElementType)tensor.DataType).Bits()) + 7) / 8;

    private static void Copy(string path, long offset, long length, Stream target, string tensor)
    {
        using FileStream source = Open(path, offset, length, tensor);
        byte[] buffer = new byte[1 << 20];
        while (length > 0)
        {
            int read = (int)Math.Min(buffer.Length, length);
            source.ReadExactly(buffer, 0, read);
            target.Write(buffer, 0, read);
            length -= read;
        }
    }

    private static FileStream Open(string path, long offset, long length, string tensor)
    {
        FileStream source = File.OpenRead(path);
        if (offset <= source.Length && length <= source.Length - offset)
        {
            source.Position = offset;
            return source;
        }
        source.Dispose();
        throw new RewriteException($"{path} ends before the weights of '{tensor}' do.");
    }
}
