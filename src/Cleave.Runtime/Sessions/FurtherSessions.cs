using System;
using System.Collections.Generic;

namespace Cleave.Sessions;

/// <summary>
/// Which runners of the process have sessions beside the first one of each, and no limit of their own: these sessions share what is left. Holds the runners weakly: those of a forgotten
/// one are garbage. Used under <see cref="Lock"/>.
/// </summary>
internal sealed class FurtherSessions
{
    private readonly List<WeakReference<MemoryLimit>> _runners = [];

    /// <summary>Whoever asks and takes holds it: two that ask at once must not both get what is there for one.</summary>
    public object Lock { get; } = new();

    /// <summary>The bytes of them all.</summary>
    public long Taken => Sum(static r => r.Further);

    /// <summary>Those of them that are being made, so that the system does not count them yet.</summary>
    public long Opening => Sum(static r => r.Opening);

    public void Add(MemoryLimit runner)
    {
        Remove(runner);
        _runners.Add(new WeakReference<MemoryLimit>(runner));
    }

    public void Remove(MemoryLimit runner) => _runners.RemoveAll(entry => !entry.TryGetTarget(out MemoryLimit? open) || ReferenceEquals(open, runner));

    private long Sum(Func<MemoryLimit, long> bytes)
    {
        long sum = 0;
        foreach (WeakReference<MemoryLimit> entry in _runners)
            sum += entry.TryGetTarget(out MemoryLimit? runner) ? bytes(runner) : 0;
        return sum;
    }
}
