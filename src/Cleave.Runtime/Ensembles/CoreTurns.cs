using System.Collections.Generic;
using Cleave.Workers;

namespace Cleave.Ensembles;

/// <summary>
/// The cores that an ensemble's instances have together: one that finds too few free waits, first come, first served, so that a member of many threads is not passed by
/// others for ever. Thread-safe.
/// </summary>
internal sealed class CoreTurns
{
    private readonly int _cores;
    private readonly object _lock = new();
    private readonly LinkedList<Waiter> _waiting = new();
    private int _free;

    public CoreTurns(int cores) => _cores = _free = cores;

    /// <summary>How many wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _waiting.Count;
        }
    }

    /// <summary>Takes cores, and waits for them; each batch that has some gives them back soon.</summary>
    /// <param name="threads">How many; more than there are counts as all.</param>
    public void Enter(int threads)
    {
        Waiter waiter;
        lock (_lock)
        {
            int wanted = Bounded(threads);
            if (_waiting.Count == 0 && wanted <= _free)
            {
                _free -= wanted;
                return;
            }
            waiter = new Waiter(wanted, new Admission());
            _waiting.AddLast(waiter);
        }
        waiter.Admission.Await();
    }

    /// <summary>Gives them back.</summary>
    public void Leave(int threads)
    {
        using (new PatientLock(_lock))
        {
            _free += Bounded(threads);
            while (_waiting.First is { } first && first.Value.Cores <= _free)
            {
                _free -= first.Value.Cores;
                _waiting.RemoveFirst();
                first.Value.Admission.Admit();
            }
        }
    }

    private int Bounded(int threads) => threads < _cores ? threads : _cores;

    private readonly record struct Waiter(int Cores, Admission Admission);
}
