using System;
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
            return LinuxStat.Of((int)handle.DangerousGetHandle())?.Identity ?? WithoutStat(handle);
        }
        finally
        {
            if (added)
                handle.DangerousRelease();
        }
    }

    /// <summary>Null where there is no such file.</summary>
    public static FileIdentity? Of(string path) => LinuxStat.Of(path)?.Identity ?? WithoutStat(path);

    /// <summary>As other systems say it.</summary>
    public static FileIdentity WithoutStat(SafeFileHandle handle) => new(RandomAccess.GetLength(handle), File.GetLastWriteTimeUtc(handle).Ticks, 0, 0);

    /// <summary>As other systems say it of what the path leads to, which is opened: by its path, a symbolic link is asked for its own length. Null where nothing can be opened.</summary>
    public static FileIdentity? WithoutStat(string path)
    {
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return WithoutStat(handle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
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
