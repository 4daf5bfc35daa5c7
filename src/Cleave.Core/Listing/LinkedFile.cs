using System;
using System.IO;

namespace Cleave.Core.Listing;

/// <summary>The file that a path leads to after all links: <see cref="FileInfo"/> gives length and time of the link itself.</summary>
internal sealed class LinkedFile
{
    private LinkedFile(FileInfo file, long length)
    {
        Path = file.FullName;
        Length = length;
        WrittenUtc = file.LastWriteTimeUtc;
    }

    public string Path { get; }

    public long Length { get; }

    public DateTime WrittenUtc { get; }

    /// <summary>The file; null where there is none, or where the links lead nowhere or in a circle.</summary>
    public static LinkedFile? Find(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists)
            return null;
        if ((file.Attributes & FileAttributes.ReparsePoint) == 0)
            return new LinkedFile(file, file.Length);
        try
        {
            return Follow(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static LinkedFile? Follow(FileInfo link)
    {
#if NET
        FileInfo target = Target(link, static l => l.ResolveLinkTarget(returnFinalTarget: true));
#else
        // Not part of .NET Standard, but of what MSBuild and compilers mostly run on.
        if (Resolve is null)
            return Opened(link);
        FileInfo target = Target(link, static l => Resolve(l, true));
#endif
        return target.Exists ? new LinkedFile(target, target.Length) : null;
    }

    // What is stored elsewhere (in a cloud, say) is marked as a link is, and resolves to nothing: it is the file.
    private static FileInfo Target(FileInfo link, Func<FileInfo, FileSystemInfo?> resolve) => resolve(link) is { } target ? new FileInfo(target.FullName) : link;

#if !NET
    private static readonly Func<FileSystemInfo, bool, FileSystemInfo?>? Resolve =
        typeof(FileSystemInfo).GetMethod("ResolveLinkTarget", [typeof(bool)])?.CreateDelegate(typeof(Func<FileSystemInfo, bool, FileSystemInfo?>)) as Func<FileSystemInfo, bool, FileSystemInfo?>;

    // .NET Framework has no such method: there it stays the link, and a change of the file's time alone is not seen.
    private static LinkedFile Opened(FileInfo link)
    {
        using FileStream stream = new(link.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        return new LinkedFile(link, stream.Length);
    }
#endif
}
