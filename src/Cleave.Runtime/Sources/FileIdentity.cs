using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Cleave.Sources;

/// <summary>What tells one file, and one state of it, from another: length, time of the last write and, on Linux, device and inode.</summary>
internal readonly record struct FileIdentity(long Length, long WrittenTicks, ulong Device, ulong Inode)
{
    public static FileIdentity Of(SafeFileHandle handle)
    {
        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            return LinuxStat.Try((int)handle.DangerousGetHandle(), "")
                ?? new FileIdentity(RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle).Ticks, 0, 0);
        }
        finally
        {
            if (added)
                handle.DangerousRelease();
        }
    }

    /// <summary>Null where there is no such file.</summary>
    public static FileIdentity? Of(string path)
    {
        if (LinuxStat.Try(LinuxStat.CurrentDirectory, path) is { } found)
            return found;
        FileInfo file = new(path);
        return file.Exists ? new FileIdentity(file.Length, file.LastWriteTimeUtc.Ticks, 0, 0) : null;
    }

    /// <summary>What differs, for a message; null where nothing does.</summary>
    public string? Difference(FileIdentity? now)
    {
        if (now is not { } other)
            return "the file is gone";
        if (other == this)
            return null;
        if (other.Inode != Inode || other.Device != Device)
            return "another file has its name now";
        return other.Length != Length
            ? string.Create(CultureInfo.InvariantCulture, $"its length was {Length} and is {other.Length}")
            : "it was written to";
    }

    /// <summary>The system call that .NET has no name for. Its result has one layout on every processor.</summary>
    private static unsafe class LinuxStat
    {
        public const int CurrentDirectory = -100;
        private const int EmptyPath = 0x1000;
        private const uint BasicFields = 0x7ff;

        public static FileIdentity? Try(int folder, string path)
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
            return new FileIdentity(
                BinaryPrimitives.ReadInt64LittleEndian(result[40..]),
                unchecked(seconds * 1_000_000_000 + nanoseconds),
                device,
                BinaryPrimitives.ReadUInt64LittleEndian(result[32..]));
        }

        [DllImport("libc")]
        private static extern int statx(int folder, nint path, int flags, uint mask, byte* result);
    }
}
