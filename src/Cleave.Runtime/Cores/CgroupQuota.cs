using System;
using System.Collections.Generic;

namespace Cleave.Cores;

/// <summary>
/// Which files say how much processor time the control groups of this process leave it: those of every group on the way from its own to
/// the root, of version 1 and 2.
/// </summary>
internal static class CgroupQuota
{
    /// <summary>Where the process's groups stand.</summary>
    public const string Groups = "/proc/self/cgroup";

    /// <summary>In processors, for example 1.5; null where nothing limits.</summary>
    public static double? Read(ProcessFiles files)
    {
        using OpenQuota quota = new(files);
        return quota.Read();
    }

    /// <summary>The files of all groups, whether they are there or not.</summary>
    public static IEnumerable<LimitFile> Files(ProcessFiles files)
    {
        string[] mounts = files.ReadLines("/proc/self/mountinfo");
        foreach (string line in files.ReadLines(Groups))
        {
            // "0::/path" is version 2, "4:cpu,cpuacct:/path" version 1.
            string[] parts = line.Split(':', 3);
            if (parts.Length < 3)
                continue;
            bool second = parts[0] == "0" && parts[1].Length == 0;
            if (!second && Array.IndexOf(parts[1].Split(','), "cpu") < 0)
                continue;
            foreach (Mount mount in Mounts(mounts, second))
            {
                foreach (string folder in FoldersUpToMount(mount, parts[2]))
                    yield return second ? new LimitFile(folder + "/cpu.max", null) : new LimitFile(folder + "/cpu.cfs_quota_us", folder + "/cpu.cfs_period_us");
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
    private static IEnumerable<Mount> Mounts(string[] lines, bool second)
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
            bool fits = second
                ? after[0] == "cgroup2"
                : after[0] == "cgroup" && Array.IndexOf(after[^1].Split(','), "cpu") >= 0;
            if (fits)
                yield return new Mount(before[3], before[4]);
        }
    }

    private readonly record struct Mount(string Root, string Point);
}

/// <summary>A file with the limit of one group: <c>quota period</c>, or the quota where the period stands in a file of its own. In microseconds.</summary>
internal sealed record LimitFile(string Quota, string? Period);
