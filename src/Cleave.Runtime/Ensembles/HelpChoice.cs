using Cleave.Modes;

namespace Cleave.Ensembles;

/// <summary>
/// Whether other threads help with a request. Where its members take microseconds, handing them over may cost more than it gains: it depends on how far apart the cores are. So both
/// ways are compared on requests that are alone, as the modes of a runner are. Of one request at a time.
/// </summary>
/// <param name="times">What requests of these dimensions took, helped and not.</param>
internal sealed class HelpChoice(RequestTimes times)
{
    /// <summary>The two ways, the one with help first.</summary>
    public const int Ways = 2;

    /// <summary>The members of a larger request, in seconds, take longer than it does to hand them over, wherever the cores are.</summary>
    private const double Large = 1e-3;

    private const int NotCompared = -1;
    private const int ByItself = 1;

    private static readonly bool[] Both = [true, true];

    private int _way = NotCompared;

    /// <summary>Whether what the request takes is of interest to <see cref="End"/>.</summary>
    public bool IsCompared => _way != NotCompared;

    /// <summary>Begins a request. How many threads help.</summary>
    /// <param name="helpers">How many could.</param>
    /// <param name="members">What all members take one after the other, in seconds.</param>
    /// <param name="isAlone">Whether nothing else runs.</param>
    public int Begin(int helpers, double members, bool isAlone)
    {
        _way = NotCompared;
        if (helpers <= 0 || members >= Large)
            return helpers;
        if (!isAlone)
            return times.Best(Both, 0) == ByItself ? 0 : helpers;
        _way = times.ForAlone(Both);
        return _way == ByItself ? 0 : helpers;
    }

    /// <summary>Ends a request that is compared, and that was alone until now.</summary>
    public void End(double seconds) => times.Add(_way, seconds);
}
