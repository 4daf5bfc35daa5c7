using System;

namespace Cleave.Tool.Measuring;

/// <summary>How long to measure.</summary>
internal sealed record MeasureSettings
{
    private const int CallsOfCaller = 4;

    /// <summary>Blocks of each candidate. Below six there is no interval of 95 %.</summary>
    public int Rounds { get; init; } = 24;

    /// <summary>
    /// Up to so many times as many where the machine is not quiet: while the interval of the judged candidates is wider than <see cref="Width"/>. What it says of the ratio itself
    /// has no part in it.
    /// </summary>
    public int Extension { get; init; } = 1;

    /// <summary>How wide an interval may be, as a part of its median, before rounds are added.</summary>
    public double Width { get; init; } = 0.04;

    /// <summary>Calls in a block, at least.</summary>
    public int LeastCalls { get; init; } = 50;

    /// <summary>Calls in a block, at most: every one is kept.</summary>
    public int MostCalls { get; init; } = 5_000;

    /// <summary>A block lasts about so long, where its calls are so short that the fewest would be over at once.</summary>
    public TimeSpan LeastTime { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>A block lasts no longer than about this, even with fewer calls than that: a process that does not answer for minutes is taken for hanging.</summary>
    public TimeSpan LongestTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Each candidate runs so long before anything counts, so that every method has reached its final tier.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// For a trial that says whether everything works, and measures nothing: two rounds of a few calls.
    /// </summary>
    public static MeasureSettings Trial { get; } = new()
    {
        Rounds = 2,
        LeastCalls = 3,
        MostCalls = 10,
        LeastTime = TimeSpan.Zero,
        WarmUp = TimeSpan.Zero,
    };

    /// <summary>Calls in a block of a candidate whose calls take so long each.</summary>
    /// <param name="call">How long one takes.</param>
    /// <param name="callers">How many callers share them: several for each, and one where calls are long, as a load of so many is measured only while all of them call.</param>
    public int CallsFor(TimeSpan call, int callers)
    {
        int least = callers == 1 ? LeastCalls : Math.Max(LeastCalls, CallsOfCaller * callers);
        TimeSpan one = TimeSpan.FromTicks(Math.Max(1, call.Ticks));
        least = (int)Math.Min(least, Math.Max(callers, Math.Floor(LongestTime / one)));
        double calls = Math.Ceiling(LeastTime / one);
        return (int)Math.Clamp(calls, least, Math.Max(least, MostCalls));
    }
}
