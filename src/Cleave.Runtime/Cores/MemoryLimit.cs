using System;
using System.Globalization;
using System.Threading;

namespace Cleave.Cores;

/// <summary>
/// How much memory a runner's sessions may take, by estimate: what the application set for all of them, or else for each further one half of what is left
/// to the control groups, or to the machine, when it is made. Thread-safe.
/// </summary>
internal sealed class MemoryLimit(long? most, ProcessFiles files)
{
    private long _taken;

    /// <summary>For the log.</summary>
    public string Words => most is { } bytes ? "of " + Megabytes(bytes) + " that RunnerOptions.MaxMemory allows" : "of " + (Left() is { } left ? Megabytes(left) : "unknown") + " left";

    /// <summary>What was counted.</summary>
    public long Taken => Interlocked.Read(ref _taken);

    /// <summary>Counts what is needed in any case.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _taken, bytes);

    /// <summary>Counts it if there is room.</summary>
    public bool TryAdd(long bytes, out string why)
    {
        bool fits = Allows(bytes, out why);
        if (fits)
            Add(bytes);
        return fits;
    }

    /// <summary>Whether there is room for it.</summary>
    public bool Allows(long bytes, out string why)
    {
        bool fits = most is { } all ? Interlocked.Read(ref _taken) + bytes <= all : Left() is not { } left || bytes <= left / 2;
        why = fits ? "" : "it would take about " + Megabytes(bytes) + ", " + Words;
        return fits;
    }

    /// <summary>What is left: the least of the machine and of every control group on the way from the process's own to the root; null where that is not known.</summary>
    // Above memory.high the kernel slows the group down to make room, so that is its limit, too. Page cache that a group holds counts as taken, which errs on the safe side.
    public long? Left()
    {
        long? left = Field(files.Read("/proc/meminfo"), "MemAvailable:") * 1024;
        foreach (GroupFolder group in ControlGroups.Of(files, "memory"))
        {
            left = group.IsSecond
                ? Smaller(Smaller(left, LeftTo(group, "memory.max", "memory.current")), LeftTo(group, "memory.high", "memory.current"))
                : Smaller(left, LeftTo(group, "memory.limit_in_bytes", "memory.usage_in_bytes"));
        }
        return left;
    }

    private long? LeftTo(GroupFolder group, string limit, string usage) =>
        long.TryParse(files.Read(group.Path + "/" + limit), NumberStyles.None, CultureInfo.InvariantCulture, out long most)
        && long.TryParse(files.Read(group.Path + "/" + usage), NumberStyles.None, CultureInfo.InvariantCulture, out long used)
            ? Math.Max(0, most - used)
            : null;

    private static long? Smaller(long? one, long? other) => one is null || other < one ? other ?? one : one;

    private static long? Field(string? text, string name)
    {
        foreach (string line in text?.Split('\n') ?? [])
        {
            if (line.StartsWith(name, StringComparison.Ordinal)
                && long.TryParse(line[name.Length..].Replace("kB", "").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            {
                return value;
            }
        }
        return null;
    }

    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0} MB");
}
