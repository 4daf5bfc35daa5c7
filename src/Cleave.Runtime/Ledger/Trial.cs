using System.Threading;

namespace Cleave.Ledger;

/// <summary>A few requests in a row in a mode that is not the best by what is known. Used under the lock of <see cref="RunnerTimes"/>.</summary>
internal sealed class Trial
{
    /// <summary>As many of them count.</summary>
    public const int Measured = 3;

    // Where requests fail, or others come between, the trial ends without a result.
    private const int Most = RequestTimes.Unsettled + WarmUp.Most + (2 * Measured);

    private int _begun;
    private int _added;

    /// <summary>The mode that is tried; -1 where none is.</summary>
    public int Mode { get; private set; } = -1;

    /// <summary>How many requests the last one took.</summary>
    public int Requests { get; private set; } = Measured + 1;

    public void Begin(int mode)
    {
        Mode = mode;
        _begun = 0;
        _added = 0;
    }

    /// <summary>The mode for the next request; null where there is no trial.</summary>
    public int? Next(bool[] open)
    {
        if (Mode >= 0 && (_begun == Most || !Volatile.Read(ref open[Mode])))
            Mode = -1;
        if (Mode < 0)
            return null;
        _begun++;
        return Mode;
    }

    /// <summary>Adds a request that counts. Whether it was the last one; the trial is over then.</summary>
    public bool Add()
    {
        if (++_added < Measured)
            return false;
        Requests = _begun;
        Mode = -1;
        return true;
    }
}
