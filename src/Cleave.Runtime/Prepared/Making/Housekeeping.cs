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
/// <param name="Problem">Why it is not used: marked, damaged, not preparable, or not to be looked at by this process. Null where some process may.</param>
/// <param name="IsUseless">Whether no process will use it. One that this process must not or cannot read may be good for another.</param>
internal sealed record ListedEntry(string Name, long Bytes, PreparedManifest? Manifest, string? Problem, bool IsUseless);

/// <summary>Lists and tidies a folder of prepared models.</summary>
internal static class Housekeeping
{
    // What other users keep to themselves is not counted.
    private static readonly EnumerationOptions Everything = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.None };

    /// <summary>Bytes of all files below a folder.</summary>
    public static long Bytes(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", Everything).Sum(static f => f.Length);

    /// <summary>Deletes what killed processes left. The lock must be held.</summary>
    public static int DeleteUnfinished(string folder)
    {
        string[] left = [.. Directory.GetDirectories(folder, EntryWriter.TemporaryPrefix + "*").Where(static p => EntryWriter.IsTemporary(Path.GetFileName(p)))];
        foreach (string path in left)
            Directory.Delete(path, recursive: true);
        return left.Length;
    }

    /// <summary>The entries. Folders with other names are none of ours, whatever is in them: a wrong path must not cost anybody their files.</summary>
    public static IReadOnlyList<ListedEntry> List(string folder, FolderTrust trust) =>
        [.. Directory.GetDirectories(folder).Where(static p => PreparedTarget.IsEntryName(Path.GetFileName(p))).Order(StringComparer.Ordinal).Select(p => Describe(p, trust))];

    private static ListedEntry Describe(string path, FolderTrust trust)
    {
        string name = Path.GetFileName(path), mark = Path.Combine(path, PreparedEntry.FailedFile);
        long bytes = Bytes(path);
        try
        {
            if (trust.WhyNot(path) is { } distrusted)
                return new ListedEntry(name, bytes, null, "not trusted: " + distrusted, false);
            PreparedManifest manifest = PreparedEntry.ReadManifest(path, trust);
            string? problem = File.Exists(mark) ? "failed: " + File.ReadAllText(mark).Trim() : manifest.NotPreparable is { } why ? "not preparable: " + why : null;
            return new ListedEntry(name, bytes, manifest, problem, problem != null);
        }
        catch (ListingException e)
        {
            return new ListedEntry(name, bytes, null, "damaged: " + e.Message, true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ListedEntry(name, bytes, null, "not read: " + e.Message, false);
        }
    }

    /// <summary>Deletes what no process will use: unfinished, failed and damaged entries, those that say that nothing was prepared, and the counts of attempts. Others stay, whatever they are for,
    /// and those that this process must not or cannot read.</summary>
    /// <param name="folder">The folder of all entries.</param>
    /// <param name="trust">Who may be able to write to it.</param>
    /// <param name="isOutdated">Which others are deleted, too; null: none.</param>
    /// <returns>What was deleted.</returns>
    /// <exception cref="IOException">Another process prepares into the folder.</exception>
    public static IReadOnlyList<string> Prune(string folder, FolderTrust trust, Func<PreparedManifest, bool>? isOutdated = null)
    {
        using IDisposable held = FolderLock.TryTake(folder) ?? throw new IOException("another process prepares into " + folder);
        List<string> deleted = [];
        int unfinished = DeleteUnfinished(folder);
        if (unfinished > 0)
            deleted.Add(unfinished + " unfinished");
        foreach (ListedEntry entry in List(folder, trust).Where(e => e.IsUseless || (isOutdated != null && e.Manifest is { } manifest && isOutdated(manifest))))
        {
            Directory.Delete(Path.Combine(folder, entry.Name), recursive: true);
            deleted.Add(entry.Name);
        }
        foreach (string attempts in Directory.GetFiles(folder, "*" + Attempts.Ending).Where(static p => PreparedTarget.IsEntryName(Path.GetFileNameWithoutExtension(p))).Order(StringComparer.Ordinal))
        {
            File.Delete(attempts);
            deleted.Add(Path.GetFileName(attempts));
        }
        return deleted;
    }
}
