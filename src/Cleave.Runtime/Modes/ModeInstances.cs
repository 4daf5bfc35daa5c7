using System;
using System.Threading;

namespace Cleave.Modes;

/// <summary>
/// One mode of a runner: its instances, each with sessions and threads of its own, so that as many requests at once as there are cores for have
/// them. They are opened one by one, as they are missed. Thread-safe.
/// </summary>
/// <param name="cores">The cores that a request takes.</param>
/// <param name="most">How many instances there may be.</param>
internal sealed class ModeInstances(int cores, int most)
{
    // So often one is missed before it is opened: requests may meet by chance.
    private const int Missed = 8;

    // Where it cannot be opened, whether it can is looked at more and more rarely, for that reads files.
    private const int MostMissed = 1 << 20;

    private readonly object _adding = new();
    // Replaced as a whole.
    private RunnerMode[] _open = [];
    private int _missed;
    private int _asksAt = Missed;

    /// <summary>The cores that a request takes.</summary>
    public int Cores { get; private set; } = cores;

    /// <summary>How many instances there may be.</summary>
    public int Most => most;

    /// <summary>Those that are open, in the order in which they were.</summary>
    public RunnerMode[] Open => Volatile.Read(ref _open);

    /// <summary>Begins a request where nothing else runs; null where no instance is so.</summary>
    public RunnerMode? TryBegin()
    {
        foreach (RunnerMode mode in Open)
        {
            if (mode.TryBegin())
                return mode;
        }
        return null;
    }

    /// <summary>Begins a request in the open instance where the fewest run.</summary>
    public RunnerMode Begin()
    {
        RunnerMode[] open = Open;
        RunnerMode chosen = open[0];
        foreach (RunnerMode mode in open)
        {
            if (mode.Running < chosen.Running)
                chosen = mode;
        }
        chosen.Begin();
        return chosen;
    }

    /// <summary>
    /// Notes that a request would have taken another instance. True where it was missed often enough to be opened; not again until that one is there, or
    /// <see cref="Postpone"/> was called.
    /// </summary>
    public bool Miss() => Open.Length < most && Interlocked.Increment(ref _missed) == Volatile.Read(ref _asksAt);

    /// <summary>Notes that it cannot be opened for now. It is asked for again once it was missed twice as often as this time.</summary>
    public void Postpone()
    {
        lock (_adding)
        {
            Volatile.Write(ref _asksAt, Math.Min(2 * _asksAt, MostMissed));
            Volatile.Write(ref _missed, 0);
        }
    }

    /// <summary>Adds one.</summary>
    public void Add(RunnerMode mode)
    {
        lock (_adding)
        {
            Cores = mode.Cores;
            Volatile.Write(ref _open, [.. _open, mode]);
            Volatile.Write(ref _asksAt, Missed);
            Volatile.Write(ref _missed, 0);
        }
    }
}
