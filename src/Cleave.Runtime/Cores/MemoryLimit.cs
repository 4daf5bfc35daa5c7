using System.Globalization;
using System.Threading;

namespace Cleave.Cores;

/// <summary>
/// How much memory a runner's sessions may take, by estimate: what the application set for all of them, or else for each further one half of what is left
/// to the control group, or to the machine. Thread-safe.
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

    /// <summary>What is left to the control group, or to the machine; null where that is not known.</summary>
    // The smallest of the machine's and the group's; page cache that the group holds counts as taken, which errs on the safe side.
    public long? Left()
    {
        long? left = Field(files.Read("/proc/meminfo"), "MemAvailable:") * 1024;
        return Smaller(Smaller(left, Group("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current")),
            Group("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"));
    }

    private long? Group(string limit, string usage) =>
        long.TryParse(files.Read(limit), NumberStyles.None, CultureInfo.InvariantCulture, out long most)
        && long.TryParse(files.Read(usage), NumberStyles.None, CultureInfo.InvariantCulture, out long used)
            ? most - used
            : null;

    private static long? Smaller(long? one, long? other) => one is null || other < one ? other ?? one : one;

    private static long? Field(string? text, string name)
    {
        foreach (string line in text?.Split('\n') ?? [])
        {
            if (line.StartsWith(name, System.StringComparison.Ordinal)
                && long.TryParse(line[name.Length..].Replace("kB", "").Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            {
                return value;
            }
        }
        return null;
    }

    public static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0} MB");
}
