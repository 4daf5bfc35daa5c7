using System.IO;
using System.Linq;

namespace Cleave.Prepared.Making;

/// <summary>
/// How often an entry was begun, and to be extended, in a file beside it: what did not come to its end twice, or was refused after it did, is not begun again by itself.
/// </summary>
internal static class Attempts
{
    public const string Ending = ".attempts";
    public const int Most = 2;

    /// <summary>Of an entry: it was made. It stays when it was, since it may be refused later.</summary>
    public const string Making = "begun";

    /// <summary>Of more thread counts for an entry that is good.</summary>
    public const string Extending = "extending";

    public static int Count(string folder, string entry, string kind) => Lines(folder, entry).Count(l => l == kind);

    public static void Add(string folder, string entry, string kind) => File.AppendAllText(PathOf(folder, entry), kind + "\n");

    /// <summary>One that was given up does not count.</summary>
    public static void TakeBack(string folder, string entry) => File.WriteAllLines(PathOf(folder, entry), Lines(folder, entry).SkipLast(1));

    public static void Forget(string folder, string entry) => File.Delete(PathOf(folder, entry));

    /// <summary>Those of one kind.</summary>
    public static void Forget(string folder, string entry, string kind)
    {
        if (Count(folder, entry, kind) > 0)
            File.WriteAllLines(PathOf(folder, entry), Lines(folder, entry).Where(l => l != kind));
    }

    private static string[] Lines(string folder, string entry) => File.Exists(PathOf(folder, entry)) ? File.ReadAllLines(PathOf(folder, entry)) : [];

    private static string PathOf(string folder, string entry) => Path.Combine(folder, entry + Ending);
}
