using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Cleave.Sources;

/// <summary>What Linux says of a file: the system call that .NET has no name for. Its result has one layout on every processor.</summary>
/// <param name="Identity">Which file it is, and in what state.</param>
/// <param name="Owner">The user whom it belongs to.</param>
/// <param name="Mode">Its kind and permissions.</param>
internal readonly record struct LinuxStat(FileIdentity Identity, uint Owner, ushort Mode)
{
    private const int CurrentDirectory = -100;
    private const int EmptyPath = 0x1000;
    private const uint BasicFields = 0x7ff;

    /// <summary>Of an open file; null on other systems.</summary>
    public static LinuxStat? Of(int descriptor) => Try(descriptor, "");

    /// <summary>Of what a path leads to; null where there is nothing, and on other systems.</summary>
    public static LinuxStat? Of(string path) => Try(CurrentDirectory, path);

    private static unsafe LinuxStat? Try(int folder, string path)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Span<byte> result = stackalloc byte[256];
        result.Clear();
        nint text = Marshal.StringToCoTaskMemUTF8(path);
        try
        {
            fixed (byte* buffer = result)
            {
                if (statx(folder, text, EmptyPath, BasicFields, buffer) != 0)
                    return null;
            }
        }
        catch (EntryPointNotFoundException)
        {
            // An old C library.
            return null;
        }
        finally
        {
            Marshal.FreeCoTaskMem(text);
        }
        long seconds = BinaryPrimitives.ReadInt64LittleEndian(result[112..]);
        uint nanoseconds = BinaryPrimitives.ReadUInt32LittleEndian(result[120..]);
        ulong device = BinaryPrimitives.ReadUInt64LittleEndian(result[136..]);
        FileIdentity identity = new(
            BinaryPrimitives.ReadInt64LittleEndian(result[40..]),
            unchecked(seconds * 1_000_000_000 + nanoseconds),
            device,
            BinaryPrimitives.ReadUInt64LittleEndian(result[32..]));
        return new LinuxStat(identity, BinaryPrimitives.ReadUInt32LittleEndian(result[20..]), BinaryPrimitives.ReadUInt16LittleEndian(result[28..]));
    }

    [DllImport("libc")]
    private static extern unsafe int statx(int folder, nint path, int flags, uint mask, byte* result);
}
