using System.Collections.Generic;

namespace Cleave.Emulator;

/// <summary>Failures that were ordered, each to happen once. Thread-safe.</summary>
internal sealed class Faults
{
    private readonly Dictionary<FaultKind, SortedSet<long>> _ordered = [];
    private readonly Dictionary<FaultKind, long> _seen = [];

    /// <summary>Orders a failure.</summary>
    /// <param name="kind">What goes wrong.</param>
    /// <param name="after">So many times it goes well first, from now on.</param>
    public void Inject(FaultKind kind, int after = 0)
    {
        lock (_ordered)
        {
            if (!_ordered.TryGetValue(kind, out SortedSet<long>? at))
                _ordered.Add(kind, at = []);
            at.Add(_seen.GetValueOrDefault(kind) + after);
        }
    }

    /// <summary>Whether it goes wrong this time.</summary>
    public bool Strikes(FaultKind kind)
    {
        lock (_ordered)
        {
            long seen = _seen.GetValueOrDefault(kind);
            _seen[kind] = seen + 1;
            return _ordered.TryGetValue(kind, out SortedSet<long>? at) && at.Remove(seen);
        }
    }
}
