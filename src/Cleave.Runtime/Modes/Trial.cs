using System.Threading;

namespace Cleave.Modes;

/// <summary>A few requests in a row in a mode that is not the best by what is known. Used under the lock of <see cref="RunnerTimes"/>.</summary>
internal sealed class Trial
{
    /// <summary>As many of them count.</summary>
    public const int Measured = 3;

    // Where requests fail, or others come between, the trial ends without a result.
    private const int Most = RequestTimes.Unsettled + WarmUp.Most + (2 * Measured);

    private int _begun;
    private int _added;
    private int _won;

    /// <summary>The mode that is tried; -1 where none is.</summary>
    public int Mode { get; private set; } = -1;

    /// <summary>How many requests the last one took.</summary>
    public int Requests { get; private set; } = Measured + 1;

    /// <summary>The mode of the last one where all its requests were faster than usual: what is known of it may not be true any more. -1 where it is.</summary>
    public int Surprise { get; private set; } = -1;

    public void Begin(int mode)
    {
        Mode = mode;
        Surprise = -1;
        _begun = 0;
        _added = 0;
        _won = 0;
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
    /// <param name="isFaster">Whether it took less than in the best mode by what is known.</param>
    public bool Add(bool isFaster)
    {
        if (isFaster)
            _won++;
        if (++_added < Measured)
            return false;
        Requests = _begun;
        Surprise = _won == Measured ? Mode : -1;
        Mode = -1;
        return true;
    }
}
