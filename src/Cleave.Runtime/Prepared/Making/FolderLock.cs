using System;
using System.IO;

namespace Cleave.Prepared.Making;

/// <summary>One process at a time prepares into a folder. The system's lock goes with its holder, however that ends.</summary>
internal static class FolderLock
{
    public const string FileName = ".lock";

    /// <summary>Held until it is disposed; null where another one holds it.</summary>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written to.</exception>
    public static IDisposable? TryTake(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(Path.Combine(folder, FileName)))
        {
            return null;
        }
    }
}
