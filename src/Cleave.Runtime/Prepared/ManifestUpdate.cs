using System;
using System.IO;
using System.Linq;

namespace Cleave.Prepared;

/// <summary>Changes what the manifest of an entry says while the entry's other files stay. The folder's lock must be held.</summary>
internal static class ManifestUpdate
{
    private const string TemporaryEnding = ".new";

    /// <summary>Reads the manifest, and puts another one in its place at once, with the same permissions.</summary>
    /// <param name="entry">The entry's folder.</param>
    /// <param name="trust">Whose folders are used.</param>
    /// <param name="change">Null: nothing is to be changed.</param>
    /// <exception cref="IOException">It cannot be read or written, or is not to be trusted.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    /// <exception cref="Core.Listing.ListingException">It is damaged.</exception>
    public static void Write(string entry, FolderTrust trust, Func<PreparedManifest, PreparedManifest?> change)
    {
        if (change(PreparedEntry.ReadManifest(entry, trust)) is not { } changed)
            return;
        string path = Path.Combine(entry, PreparedManifest.FileName), temporary = path + TemporaryEnding;
        File.Delete(temporary);
        using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(path));
            stream.Write(changed.Write());
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Has the manifest of an entry hold the times of files all of whose bytes were just found to be the recorded ones: the next start need not hash them.</summary>
    public static void Renew(PreparedEntry entry, FolderTrust trust)
    {
        if (entry.Renewed is not { } renewed)
            return;
        // Another entry may have taken its place meanwhile.
        Write(entry.Folder, trust, now => now.SourceHash == renewed.SourceHash && now.Files.Select(static f => f.Hash).SequenceEqual(renewed.Files.Select(static f => f.Hash))
            ? now with { Sources = renewed.Sources, Files = renewed.Files }
            : null);
    }
}
