using System.Collections.Generic;
using System.Threading;

namespace Cleave.Ledger;

/// <summary>How many requests began in each mode of a runner. Holds nothing of the runner, so that it can be kept when that is forgotten. Thread-safe.</summary>
internal sealed class RequestCounts
{
    private readonly List<ModeRequests> _modes = [];

    /// <summary>A mode was opened.</summary>
    public void Add(ModeRequests mode)
    {
        lock (_modes)
            _modes.Add(mode);
    }

    /// <summary>Adds them to those of other runners.</summary>
    public void AddTo(Dictionary<(string Model, string Mode), long> all, string model)
    {
        lock (_modes)
        {
            foreach (ModeRequests mode in _modes)
            {
                (string, string) key = (model, mode.Words);
                all[key] = all.GetValueOrDefault(key) + mode.Count;
            }
        }
    }
}

/// <summary>How many requests began in a mode. Thread-safe.</summary>
/// <param name="words">The mode.</param>
internal sealed class ModeRequests(string words)
{
    private long _count;

    public string Words => words;

    public long Count => Volatile.Read(ref _count);

    public void Add(int requests) => Interlocked.Add(ref _count, requests);
}
