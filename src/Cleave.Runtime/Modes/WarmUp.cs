using System;

namespace Cleave.Modes;

/// <summary>
/// Tells the requests after the begin or end of a trial that say nothing about it: the first one, and of short ones some more. Sleeping threads take 50 µs to wake, and
/// weights that the other mode pushed out of the caches milliseconds to load: with 8 MB of them, seven requests of 0.2 ms took longer than usual.
/// </summary>
internal struct WarmUp
{
    /// <summary>As many requests at most.</summary>
    public const int Most = 8;

    private const double Seconds = 4e-3;

    // Two more than what is tried.
    private int _tried;
    private int _requests;
    private double _seconds;

    /// <summary>Notes a request, and says whether it is one of them.</summary>
    /// <param name="tried">The mode that it ran in to be tried; -1 where it ran in the best.</param>
    /// <param name="seconds">What it took.</param>
    /// <param name="usual">What such a request takes usually; null where that is not known.</param>
    public bool IsCold(int tried, double seconds, double? usual)
    {
        if (_tried != tried + 2)
        {
            _tried = tried + 2;
            _requests = 0;
            _seconds = 0;
        }
        bool isCold = _requests == 0 || (_requests < Most && _seconds < Seconds);
        _requests++;
        // A thread that waited for a core warmed nothing meanwhile.
        _seconds += Math.Min(seconds, 2 * usual ?? seconds);
        return isCold;
    }
}
