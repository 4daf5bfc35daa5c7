using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Cleave.Runtime.Tests.Support;

/// <summary>What the system tells about this process's threads.</summary>
internal static class SystemThreads
{
    // The system keeps fifteen characters of a name.
    private const int Longest = 15;

    /// <summary>The status files of the threads with this name, or its beginning.</summary>
    public static string[] Named(string name)
    {
        List<string> found = [];
        foreach (string folder in Directory.EnumerateDirectories("/proc/self/task"))
        {
            if (Read(folder, "comm")?.TrimEnd('\n') == name[..Math.Min(Longest, name.Length)] && Read(folder, "status") is { } status)
                found.Add(status);
        }
        return [.. found];
    }

    /// <summary>A file in the folder of a thread; null where that ended meanwhile.</summary>
    public static string? Read(string folder, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, file));
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The processors that a thread may run on.</summary>
    public static int[] Processors(string status)
    {
        string line = status.Split('\n').First(l => l.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal));
        return [.. line.Split(':', 2)[1].Trim().Split(',').SelectMany(Range)];

        static IEnumerable<int> Range(string text)
        {
            int[] ends = Array.ConvertAll(text.Split('-'), int.Parse);
            return Enumerable.Range(ends[0], ends[^1] - ends[0] + 1);
        }
    }
}
