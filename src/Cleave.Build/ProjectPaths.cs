using System;
using System.Collections.Generic;
using System.IO;

namespace Cleave.Build;

/// <summary>Paths as a project file may spell them, and as seen from the project's folder.</summary>
internal static class ProjectPaths
{
    public static StringComparer Comparer { get; } =
        Path.DirectorySeparatorChar == '\\' ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>The absolute path of an item, which MSBuild gives as the project spells it.</summary>
    public static string Absolute(string folder, string path)
    {
        // Outside Windows a backslash may be part of a name, but in a project file it is nearly always a separator.
        if (Path.DirectorySeparatorChar == '/' && path.IndexOf('\\') >= 0 && !File.Exists(Path.Combine(folder, path)))
            path = path.Replace('\\', '/');
        return Path.GetFullPath(Path.Combine(folder, path));
    }

    /// <summary>A path relative to a folder, with forward slashes; the path itself where none exists (another drive).</summary>
    public static string Relative(string folder, string path)
    {
        string[] from = Split(Path.GetFullPath(folder));
        string[] to = Split(path);
        int common = 0;
        while (common < from.Length && common < to.Length - 1 && Comparer.Equals(from[common], to[common]))
            common++;
        if (common == 0)
            return path.Replace(Path.DirectorySeparatorChar, '/');
        List<string> parts = [];
        for (int i = common; i < from.Length; i++)
            parts.Add("..");
        for (int i = common; i < to.Length; i++)
            parts.Add(to[i]);
        return string.Join("/", parts);
    }

    /// <summary>Whether a relative path with forward slashes stays below its folder.</summary>
    public static bool StaysInside(string relative)
    {
        if (relative.Length == 0 || Path.IsPathRooted(relative) || relative.IndexOf(':') >= 0)
            return false;
        foreach (string part in relative.Split('/'))
        {
            if (part.Length == 0 || part == "." || part == "..")
                return false;
        }
        return true;
    }

    // "/a/b" gives "", "a", "b": the root counts, so that Unix paths always share one part.
    private static string[] Split(string path) =>
        path.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar);
}
