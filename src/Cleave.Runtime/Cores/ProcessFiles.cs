using System;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace Cleave.Cores;

/// <summary>Reads small files of /proc and /sys below a root that tests can replace.</summary>
internal sealed class ProcessFiles(string root)
{
    public static readonly ProcessFiles System = new("/");

    /// <summary>The file's text without surrounding white space; null where it is missing or cannot be read.</summary>
    public string? Read(string path)
    {
        string full = Path.Combine(root, path.TrimStart('/'));
        // Asked first: many of these files are not there, and the first exceptions of a process cost milliseconds.
        if (!File.Exists(full))
            return null;
        try
        {
            return File.ReadAllText(full).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not Linux, or a sandbox that hides it: there is nothing to learn here.
            return null;
        }
    }

    /// <summary>The file, to be read again and again; null where it is missing or cannot be read.</summary>
    public SafeFileHandle? Open(string path)
    {
        string full = Path.Combine(root, path.TrimStart('/'));
        if (!File.Exists(full))
            return null;
        try
        {
            return File.OpenHandle(full, share: FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public string[] ReadLines(string path) =>
        Read(path)?.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
