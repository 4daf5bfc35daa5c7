using System;
using System.Globalization;
using Cleave.Cores;

namespace Cleave.Sessions;

/// <summary>
/// How much memory a runner's sessions may take, by estimate: what the application set for all of them. Otherwise its further ones and those of all such runners together may take half of
/// what would be left to the control groups, or to the machine, without them. Thread-safe.
/// </summary>
/// <param name="most">What the application set; null: nothing.</param>
/// <param name="files">Say what is left.</param>
/// <param name="all">The further sessions of the process; null: there are no others.</param>
internal sealed class MemoryLimit(long? most, ProcessFiles files, FurtherSessions? all = null)
{
    private readonly FurtherSessions _all = all ?? new FurtherSessions();
    private MemoryLimit? _beside;
    private long _first;
    private bool _isClosed;

    /// <summary>For the log.</summary>
    public string Words
    {
        get
        {
            if (most is { } bytes)
                return "of " + Megabytes(bytes) + " that RunnerOptions.MaxMemory allows";
            lock (_all.Lock)
                return "of " + (Left() is { } left ? Megabytes(left) : "unknown") + " left" + (_all.Taken is > 0 and var taken ? " beside " + Megabytes(taken) + " of further sessions in the process" : "");
        }
    }

    /// <summary>What was counted.</summary>
    public long Taken
    {
        get
        {
            lock (_all.Lock)
                return _first + Further;
        }
    }

    /// <summary>Of sessions whose place these take: they count, too, as long as they are there. Null: there are none.</summary>
    public MemoryLimit? Beside
    {
        get => _beside;
        init => _beside = value;
    }

    /// <summary>What the sessions beside the first one take.</summary>
    public long Further { get; private set; }

    /// <summary>How much of that is still being made.</summary>
    public long Opening { get; private set; }

    /// <summary>Counts the first session, which is needed in any case.</summary>
    public void Add(long bytes)
    {
        lock (_all.Lock)
            _first += bytes;
    }

    /// <summary>Counts a further one if there is room. It is being made until <see cref="Opened"/> or <see cref="Return"/> is called.</summary>
    public bool TryAdd(long bytes, out string why)
    {
        lock (_all.Lock)
        {
            if (!Allows(bytes, out why))
                return false;
            Further += bytes;
            Opening += bytes;
            if (most is null)
                _all.Add(this);
            return true;
        }
    }

    /// <summary>It is there, so what is left is less.</summary>
    public void Opened(long bytes)
    {
        lock (_all.Lock)
            Opening -= bytes;
    }

    /// <summary>It was not made, or is gone again.</summary>
    public void Return(long bytes)
    {
        lock (_all.Lock)
        {
            Opening -= bytes;
            Further -= bytes;
        }
    }

    /// <summary>All of them are gone.</summary>
    public void Close()
    {
        lock (_all.Lock)
        {
            _isClosed = true;
            // Else each would keep all before it.
            _beside = null;
            _all.Remove(this);
        }
    }

    /// <summary>Whether there is room for it.</summary>
    public bool Allows(long bytes, out string why)
    {
        lock (_all.Lock)
        {
            // All further ones then take no more than they leave.
            bool fits = most is { } allowed ? Taken + (Beside is { _isClosed: false } ? Beside.Taken : 0) + bytes <= allowed : Left() is not { } left || _all.Taken + bytes <= left - _all.Opening - bytes;
            why = fits ? "" : "it would take about " + Megabytes(bytes) + ", " + Words;
            return fits;
        }
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
