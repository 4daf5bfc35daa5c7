using System;

namespace Cleave.Core.Ensembles;

/// <summary>Batches that run, by when they end: a heap.</summary>
internal sealed class RunningBatches
{
    private (double End, int Cell)[] _runs = new (double, int)[16];

    public int Count { get; private set; }

    /// <summary>When the first of them ends; there is one.</summary>
    public double NextEnd => _runs[0].End;

    public void Add(int cell, double end)
    {
        if (Count == _runs.Length)
            Array.Resize(ref _runs, 2 * Count);
        int at = Count++;
        for (int above = (at - 1) / 2; at > 0 && _runs[above].End > end; above = (at - 1) / 2)
        {
            _runs[at] = _runs[above];
            at = above;
        }
        _runs[at] = (end, cell);
    }

    /// <summary>Takes the one that ends first away.</summary>
    /// <returns>Its cell.</returns>
    public int TakeNext()
    {
        int cell = _runs[0].Cell;
        (double End, int Cell) last = _runs[--Count];
        int at = 0;
        for (int below = 1; below < Count; below = (2 * at) + 1)
        {
            below += below + 1 < Count && _runs[below + 1].End < _runs[below].End ? 1 : 0;
            if (_runs[below].End >= last.End)
                break;
            _runs[at] = _runs[below];
            at = below;
        }
        _runs[at] = last;
        return cell;
    }
}
