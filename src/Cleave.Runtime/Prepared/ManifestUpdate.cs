using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Cleave.Prepared;

/// <summary>Changes what the manifest of an entry says while the entry's other files stay. The folder's lock must be held.</summary>
internal static class ManifestUpdate
{
    private const string TemporaryEnding = ".new";

    // More copies of a model than this rarely share a folder; the manifest must not grow with each deployment.
    private const int MostCopies = 4;

    /// <summary>
    /// Has the manifest of an entry hold the times of files all of whose bytes were just found to be the recorded ones: the next start need not hash them. Those of other copies of the model
    /// stay.
    /// </summary>
    /// <exception cref="IOException">It cannot be read or written, or is not to be trusted.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    /// <exception cref="Core.Listing.ListingException">It is damaged.</exception>
    public static void Renew(PreparedEntry entry, FolderTrust trust)
    {
        if (entry.Renewed is { } renewed)
            Write(entry, trust, now => now with { Sources = Latest(renewed.Sources, now.Sources), Files = renewed.Files });
    }

    /// <summary>Adds what more numbers of threads give. False where another entry has its place now.</summary>
    /// <exception cref="IOException">It cannot be read or written, or is not to be trusted.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    /// <exception cref="Core.Listing.ListingException">It is damaged.</exception>
    public static bool Extend(PreparedEntry entry, FolderTrust trust, IReadOnlyDictionary<int, string> more) =>
        Write(entry, trust, now => now with { Expected = now.Expected.Concat(more.Where(m => !now.Expected.ContainsKey(m.Key))).ToDictionary() });

    private static List<PreparedFile> Latest(IReadOnlyList<PreparedFile> sources, IReadOnlyList<PreparedFile> earlier) =>
        sources.Count == 0 ? [.. earlier] : [.. sources, .. earlier.Chunk(sources.Count).Where(c => !c.SequenceEqual(sources)).Take(MostCopies - 1).SelectMany(static c => c)];

    // Puts another manifest in its place at once, with the same permissions.
    private static bool Write(PreparedEntry entry, FolderTrust trust, Func<PreparedManifest, PreparedManifest> change)
    {
        PreparedManifest now = PreparedEntry.ReadManifest(entry.Folder, trust);
        if (!IsSame(entry.Manifest, now))
            return false;
        string path = Path.Combine(entry.Folder, PreparedManifest.FileName), temporary = path + TemporaryEnding;
        File.Delete(temporary);
        try
        {
            using (FileStream stream = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                if (!OperatingSystem.IsWindows())
                    File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(path));
                stream.Write(change(now).Write());
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
        return true;
    }

    // Another entry may have taken its place meanwhile. What the same request gives tells another request, too.
    private static bool IsSame(PreparedManifest opened, PreparedManifest now) =>
        now.SourceHash == opened.SourceHash && now.Files.Select(static f => f.Hash).SequenceEqual(opened.Files.Select(static f => f.Hash))
        && opened.Expected.All(e => now.Expected.TryGetValue(e.Key, out string? given) && given == e.Value);
}
