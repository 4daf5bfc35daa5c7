using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Cleave.Core.Listing;

namespace Cleave.Prepared.Making;

/// <summary>An entry of a folder, as a list of them shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">What it holds.</param>
/// <param name="Manifest">What it says; null where it cannot be read.</param>
/// <param name="Problem">Why nobody will use it: marked, damaged, or not preparable. Null where some process may.</param>
internal sealed record ListedEntry(string Name, long Bytes, PreparedManifest? Manifest, string? Problem);

/// <summary>Lists and tidies a folder of prepared models.</summary>
internal static class Housekeeping
{
    /// <summary>Bytes of all files below a folder.</summary>
    public static long Bytes(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(static f => f.Length);

    /// <summary>Deletes what killed processes left. The lock must be held.</summary>
    public static int DeleteUnfinished(string folder)
    {
        string[] left = Directory.GetDirectories(folder, EntryWriter.TemporaryPrefix + "*");
        foreach (string path in left)
            Directory.Delete(path, recursive: true);
        return left.Length;
    }

    public static IReadOnlyList<ListedEntry> List(string folder, FolderTrust trust)
    {
        List<ListedEntry> entries = [];
        foreach (string path in Directory.GetDirectories(folder).Where(static p => Path.GetFileName(p)[0] != '.').Order(StringComparer.Ordinal))
        {
            PreparedManifest? manifest = null;
            string? problem;
            string mark = Path.Combine(path, PreparedEntry.FailedFile);
            try
            {
                manifest = PreparedEntry.ReadManifest(path, trust);
                problem = File.Exists(mark) ? "failed: " + File.ReadAllText(mark).Trim() : manifest.NotPreparable is { } why ? "not preparable: " + why : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ListingException)
            {
                problem = "damaged: " + e.Message;
            }
            entries.Add(new ListedEntry(Path.GetFileName(path), Bytes(path), manifest, problem));
        }
        return entries;
    }

    /// <summary>Deletes what no process will use: unfinished, failed and damaged entries, those that say that nothing was prepared, and the counts of attempts. Others stay, whatever they are for.</summary>
    /// <returns>What was deleted.</returns>
    /// <exception cref="IOException">Another process prepares into the folder.</exception>
    public static IReadOnlyList<string> Prune(string folder, FolderTrust trust)
    {
        using IDisposable held = FolderLock.TryTake(folder) ?? throw new IOException("another process prepares into " + folder);
        List<string> deleted = [];
        int unfinished = DeleteUnfinished(folder);
        if (unfinished > 0)
            deleted.Add(unfinished + " unfinished");
        foreach (ListedEntry entry in List(folder, trust).Where(static e => e.Problem != null))
        {
            // A folder with other things in it is none of ours.
            string path = Path.Combine(folder, entry.Name);
            if (!File.Exists(Path.Combine(path, PreparedManifest.FileName)))
                continue;
            Directory.Delete(path, recursive: true);
            deleted.Add(entry.Name);
        }
        foreach (string attempts in Directory.GetFiles(folder, "*" + Attempts.Ending).Order(StringComparer.Ordinal))
        {
            File.Delete(attempts);
            deleted.Add(Path.GetFileName(attempts));
        }
        return deleted;
    }
}
