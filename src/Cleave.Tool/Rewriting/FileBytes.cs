using System;
using System.Buffers;
using System.IO;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.Win32.SafeHandles;

namespace Cleave.Tool.Rewriting;

/// <summary>Bytes of a message that lie in a file: they are read when someone looks at them, each time, and not held.</summary>
/// <param name="path">The file, which does not change.</param>
/// <param name="offset">Where they begin.</param>
/// <param name="length">How many they are.</param>
internal sealed class FileBytes(string path, long offset, int length) : MemoryManager<byte>
{
    public string Path => path;

    public long Offset => offset;

    public override Memory<byte> Memory => CreateMemory(length);

    /// <summary>Where the bytes of a message lie; null where it holds them itself.</summary>
    public static FileBytes? Of(ByteString bytes) => MemoryMarshal.TryGetMemoryManager(bytes.Memory, out FileBytes? file) ? file : null;

    /// <exception cref="IOException">They cannot be read.</exception>
    public override Span<byte> GetSpan()
    {
        LeftArrays.Add(length);
        byte[] bytes = GC.AllocateUninitializedArray<byte>(length);
        using SafeFileHandle file = File.OpenHandle(path);
        for (int at = 0; at < length;)
        {
            int read = RandomAccess.Read(file, bytes.AsSpan(at), offset + at);
            at += read > 0 ? read : throw new EndOfStreamException($"{path} is shorter than it was: someone else changed it.");
        }
        return bytes;
    }

    // Messages are looked at as spans only.
    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

    public override void Unpin() => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
    }
}
