using System.Globalization;
using System.IO;
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
            return LinuxStat.Of((int)handle.DangerousGetHandle())?.Identity
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
        if (LinuxStat.Of(path) is { } found)
            return found.Identity;
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
}
