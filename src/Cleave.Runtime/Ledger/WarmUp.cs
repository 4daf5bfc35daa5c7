namespace Cleave.Ledger;

/// <summary>
/// Tells the requests after a change of mode that say nothing about it: the first one, and of short ones some more. Sleeping threads take 50 µs to wake, and
/// weights that the other mode pushed out of the caches a millisecond to load.
/// </summary>
internal struct WarmUp
{
    /// <summary>As many requests at most.</summary>
    public const int Most = 8;

    private const double Seconds = 1e-3;

    // One more than the mode's number.
    private int _mode;
    private int _requests;
    private double _seconds;

    /// <summary>Notes a request, and says whether it is one of them.</summary>
    public bool IsCold(int mode, double seconds)
    {
        if (_mode != mode + 1)
        {
            _mode = mode + 1;
            _requests = 0;
            _seconds = 0;
        }
        bool isCold = _requests == 0 || (_requests < Most && _seconds < Seconds);
        _requests++;
        _seconds += seconds;
        return isCold;
    }
}
