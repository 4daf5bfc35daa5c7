using System;
using System.Collections.Generic;

namespace Cleave.Cores;

/// <summary>Where the limits of this process's control groups stand: the folders of every group on the way from its own to the root, of version 1 and 2.</summary>
internal static class ControlGroups
{
    /// <summary>Says which groups the process is in.</summary>
    public const string Own = "/proc/self/cgroup";

    /// <summary>Those that limit what a controller controls, whether they are there or not.</summary>
    /// <param name="files">The system's.</param>
    /// <param name="controller"><c>cpu</c> or <c>memory</c>.</param>
    public static IEnumerable<GroupFolder> Of(ProcessFiles files, string controller)
    {
        string[] mounts = files.ReadLines("/proc/self/mountinfo");
        foreach (string line in files.ReadLines(Own))
        {
            // "0::/path" is version 2, "4:cpu,cpuacct:/path" version 1.
            string[] parts = line.Split(':', 3);
            if (parts.Length < 3)
                continue;
            bool isSecond = parts[0] == "0" && parts[1].Length == 0;
            if (!isSecond && Array.IndexOf(parts[1].Split(','), controller) < 0)
                continue;
            foreach (Mount mount in Mounts(mounts, isSecond, controller))
            {
                foreach (string folder in FoldersUpToMount(mount, parts[2]))
                    yield return new GroupFolder(folder, isSecond);
            }
        }
    }

    private static IEnumerable<string> FoldersUpToMount(Mount mount, string group)
    {
        // Without a namespace of its own a container sees its group's full path, and mounted only from that group on.
        string inside = mount.Root == "/" ? group
            : group == mount.Root || group.StartsWith(mount.Root + "/", StringComparison.Ordinal) ? group[mount.Root.Length..]
            : "";
        inside = inside.Trim('/');
        if (inside.Contains("..", StringComparison.Ordinal))
            inside = "";
        while (inside.Length > 0)
        {
            yield return mount.Point + "/" + inside;
            int slash = inside.LastIndexOf('/');
            inside = slash < 0 ? "" : inside[..slash];
        }
        yield return mount.Point;
    }

    // "36 35 0:32 /root /sys/fs/cgroup/cpu rw,… shared:9 - cgroup cgroup rw,cpu,cpuacct".
    private static IEnumerable<Mount> Mounts(string[] lines, bool isSecond, string controller)
    {
        foreach (string line in lines)
        {
            int dash = line.IndexOf(" - ", StringComparison.Ordinal);
            if (dash < 0)
                continue;
            string[] before = line[..dash].Split(' ');
            string[] after = line[(dash + 3)..].Split(' ');
            if (before.Length < 5 || after.Length < 3)
                continue;
            bool fits = isSecond
                ? after[0] == "cgroup2"
                : after[0] == "cgroup" && Array.IndexOf(after[^1].Split(','), controller) >= 0;
            if (fits)
                yield return new Mount(before[3], before[4]);
        }
    }

    private readonly record struct Mount(string Root, string Point);
}

/// <summary>Where the files of one control group lie.</summary>
/// <param name="Path">The folder.</param>
/// <param name="IsSecond">Whether it is of version 2, whose files have other names.</param>
internal readonly record struct GroupFolder(string Path, bool IsSecond);
