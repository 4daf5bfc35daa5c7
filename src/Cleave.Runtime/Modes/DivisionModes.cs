using System;
using Cleave.Ledger;

namespace Cleave.Modes;

/// <summary>Requests that run in several sessions of a runner at once: the slices of a divided batch. Thread-safe.</summary>
/// <param name="modes">The runner's modes.</param>
/// <param name="opener">Opens them.</param>
/// <param name="instances">By mode: its instances.</param>
internal sealed class DivisionModes(RunnerModes modes, ModeOpener opener, ModeInstances[] instances)
{
    /// <summary>
    /// Begins a request that runs in several modes at once, where nothing else runs, it is wanted, and there is a session for each that is free. When it began;
    /// null where that is not so: then nothing has begun.
    /// </summary>
    /// <param name="threads">Of each mode.</param>
    /// <param name="wants">Asked where nothing else runs.</param>
    /// <param name="opens">Whether sessions are opened where they are missed.</param>
    /// <param name="taken">Gets the modes.</param>
    public long? TryEnter(int[] threads, Func<bool> wants, bool opens, RunnerMode[] taken)
    {
        if (modes.Hint == RunnerHint.Background)
            return null;
        modes.Growth.Look();
        int cores = 0;
        foreach (int count in threads)
            cores += count;
        long now = modes.Ledger.Now;
        Share share = modes.Ledger.Enter(now);
        bool begun = false;
        try
        {
            begun = share.IsAlone && share.Cores >= cores && wants() && TryBegin(threads, opens, taken);
        }
        finally
        {
            if (begun)
                modes.Ledger.Take(cores - 1);
            else
                modes.Ledger.Leave(1, now);
        }
        return begun ? now : null;
    }

    /// <summary>Ends it. The seconds that it took, where nothing else ran meanwhile.</summary>
    public double? Leave(RunnerMode[] taken, long start)
    {
        int cores = 0;
        foreach (RunnerMode mode in taken)
        {
            mode.End();
            cores += mode.Cores;
        }
        long now = modes.Ledger.Now;
        return modes.Ledger.Leave(cores, start, now) ? modes.Ledger.Seconds(start, now) : null;
    }

    private bool TryBegin(int[] threads, bool opens, RunnerMode[] taken)
    {
        int begun = 0, missing = -1;
        try
        {
            while (begun < threads.Length && TryBeginExactly(threads[begun], out missing) is { } mode)
                taken[begun++] = mode;
        }
        finally
        {
            // Also where somebody interrupted the thread.
            if (begun < threads.Length)
                Array.ForEach(taken[..begun], static mode => mode.End());
        }
        if (begun == threads.Length)
            return true;
        if (opens && missing >= 0)
            Missed(missing, threads);
        return false;
    }

    // In a session of so many threads that nobody else uses, or of one thread; where there is none, what is missing.
    private RunnerMode? TryBeginExactly(int threads, out int missing)
    {
        missing = -1;
        for (int mode = 0; mode < instances.Length; mode++)
        {
            // The planned mode shares its threads where it is there once, or runs another plan than was chosen.
            if (instances[mode].Cores != threads || (mode == modes.PlannedIndex && (instances[mode].Most == 1 || !modes.Planned.IsOneAtATime) && threads > 1 && modes.Planned.Running > 0))
                continue;
            if (instances[mode].TryBegin() is { } free)
                return free;
            missing = mode;
        }
        return null;
    }

    // Further sessions of several threads are opened, as long as there are few; then others have to go.
    private void Missed(int mode, int[] threads)
    {
        if (mode < modes.PlannedIndex || !instances[mode].Miss())
            return;
        if (!opener.IsThick(mode) || !opener.IsFull)
            modes.OpenMissed(mode);
        else if (!modes.Exchange.TryFor(threads, instances[mode].Postpone))
            instances[mode].Postpone();
    }
}
