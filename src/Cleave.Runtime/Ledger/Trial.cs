using System;
using System.Threading;

namespace Cleave.Ledger;

/// <summary>A few requests in a row in a mode that is not the best by what is known. Used under the lock of its <see cref="ModeTimes"/>.</summary>
internal sealed class Trial
{
    // Of them the median counts.
    private const int Measured = 3;

    // Where requests fail, or others come between, the trial ends without a result.
    private const int Most = ModeTimes.Unsettled + WarmUp.Most + (2 * Measured);

    private readonly double[] _seconds = new double[Measured];
    private int _mode = -1;
    private int _begun;
    private int _added;

    /// <summary>How many requests the last one took.</summary>
    public int Requests { get; private set; } = Measured + 1;

    public void Begin(int mode)
    {
        _mode = mode;
        _begun = 0;
        _added = 0;
    }

    /// <summary>The mode for the next request; null where there is no trial.</summary>
    public int? Next(bool[] open)
    {
        if (_mode >= 0 && (_begun == Most || !Volatile.Read(ref open[_mode])))
            _mode = -1;
        if (_mode < 0)
            return null;
        _begun++;
        return _mode;
    }

    /// <summary>Adds what a request took that counts. Where it was the last one, what they took; the trial is over then.</summary>
    public double? Add(int mode, double seconds)
    {
        if (mode != _mode)
            return null;
        _seconds[_added++] = seconds;
        if (_added < Measured)
            return null;
        Requests = _begun;
        _mode = -1;
        Array.Sort(_seconds);
        return _seconds[Measured / 2];
    }
}
