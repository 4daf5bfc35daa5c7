using System.IO;
using System.Linq;

namespace Cleave.Prepared.Making;

/// <summary>
/// How often an entry was begun, in a file beside it: what did not come to its end twice, or was refused after it did, is not begun again by itself.
/// </summary>
internal static class Attempts
{
    public const string Ending = ".attempts";
    public const int Most = 2;

    public static int Count(string folder, string entry) => File.Exists(PathOf(folder, entry)) ? File.ReadLines(PathOf(folder, entry)).Count() : 0;

    public static void Add(string folder, string entry) => File.AppendAllText(PathOf(folder, entry), "begun\n");

    /// <summary>One that was given up does not count.</summary>
    public static void TakeBack(string folder, string entry) => File.WriteAllLines(PathOf(folder, entry), File.ReadAllLines(PathOf(folder, entry)).SkipLast(1));

    public static void Forget(string folder, string entry) => File.Delete(PathOf(folder, entry));

    private static string PathOf(string folder, string entry) => Path.Combine(folder, entry + Ending);
}
