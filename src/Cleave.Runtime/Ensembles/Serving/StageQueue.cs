using System.Collections.Generic;
using System.Threading;
using Cleave.Workers;

namespace Cleave.Ensembles.Serving;

/// <summary>
/// What one stage of an instance hands to the next: batches, or slots that are free. Whoever hands one on does so however often its thread is interrupted, and needs no memory: what
/// were lost here would be waited for without end. One thread takes.
/// </summary>
/// <param name="most">The most that there can be.</param>
internal sealed class StageQueue<T>(int most)
{
    // So often a thread looks again before it blocks: the next is often there at once.
    private const int Spins = 140;

    private readonly object _lock = new();
    private readonly Queue<T> _items = new(most);
    private int _count;
    private bool _isComplete;

    public void Add(T item)
    {
        using (new PatientLock(_lock))
        {
            _items.Enqueue(item);
            Volatile.Write(ref _count, _items.Count);
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Nothing more comes.</summary>
    public void Complete()
    {
        using (new PatientLock(_lock))
        {
            Volatile.Write(ref _isComplete, true);
            Monitor.Pulse(_lock);
        }
    }

    /// <summary>Waits for the next. False where nothing more comes.</summary>
    public bool TryTake(out T item)
    {
        SpinWait spinner = default;
        while (Volatile.Read(ref _count) == 0 && !Volatile.Read(ref _isComplete) && spinner.Count < Spins)
            spinner.SpinOnce(sleep1Threshold: -1);
        lock (_lock)
        {
            while (_items.Count == 0 && !_isComplete)
                Monitor.Wait(_lock);
            bool isThere = _items.TryDequeue(out item!);
            Volatile.Write(ref _count, _items.Count);
            return isThere;
        }
    }
}
