using System;
using System.IO;

namespace Cleave.Prepared.Making;

/// <summary>One process at a time prepares into a folder. The system's lock goes with its holder, however that ends.</summary>
internal static class FolderLock
{
    public const string FileName = ".lock";

    // What the system says where another handle has the lock: ERROR_SHARING_VIOLATION, or EWOULDBLOCK.
    private static readonly int Held = OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsLinux() ? 11 : 35;

    /// <summary>Whether a lock file could not be opened because another one holds it.</summary>
    public static bool IsHeld(IOException e) => e.HResult == Held;

    /// <summary>Held until it is disposed; null where another one holds it.</summary>
    /// <exception cref="IOException">The folder is on a file system that cannot be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written to.</exception>
    public static IDisposable? TryTake(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (IsHeld(e))
        {
            return null;
        }
    }
}
