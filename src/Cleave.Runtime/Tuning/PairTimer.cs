using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;

namespace Cleave.Tuning;

/// <summary>
/// Compares two ways to run one request, in turns: a machine that gets slower or faster meanwhile changes nothing. They are spread over seconds: while something
/// else has a core, for as long as it has it, every way with one thread less looks better. What was measured while requests of the application ran does not count.
/// </summary>
/// <param name="isDisturbed">Whether something else runs now.</param>
/// <param name="span">How long the turns of two are spread, while there is time.</param>
/// <param name="token">Ends it.</param>
internal sealed class PairTimer(Func<bool> isDisturbed, TimeSpan span, CancellationToken token)
{
    /// <summary>Longer than the first moments of a process, in which two threads look slow, and than most of what takes a core away for a while.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromSeconds(6);

    /// <summary>So many turns are enough for a median.</summary>
    public const int Enough = 25;

    /// <summary>Fewer say nothing.</summary>
    public const int Fewest = 3;

    // A block is long beside the clock's step and a wake-up.
    private const double BlockNanoseconds = 10_000_000;

    private const int MostWarmUps = 12;
    private const double Stable = 0.1;

    // How long the tuner lets requests go before it looks again whether they are done.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <summary>The median time of the first, and how many times as long the other takes; null where the time was too short, or something else always ran.</summary>
    /// <param name="reference">The first.</param>
    /// <param name="other">The other; null: only the first is measured.</param>
    /// <param name="until">When it ends, by <see cref="Stopwatch"/>.</param>
    public PairTimes? Compare(TuningCandidate reference, TuningCandidate? other, long until)
    {
        int firstTimes = WarmUp(reference, until);
        int otherTimes = other is null ? 0 : WarmUp(other, until);
        // One alone is compared with nothing.
        long spread = other is null ? 0 : Stopwatch.GetTimestamp() + (long)(span.TotalSeconds * Stopwatch.Frequency);
        return Turns(() => Block(reference, firstTimes), other is null ? null : () => Block(other, otherTimes), spread, until);
    }

    /// <summary>How many times as long each takes where so many run at once; null where the time was too short, or something else always ran.</summary>
    /// <param name="candidate">One that runs a request on one thread.</param>
    /// <param name="requests">How many.</param>
    /// <param name="until">When it ends, by <see cref="Stopwatch"/>.</param>
    public double? Crowd(TuningCandidate candidate, int requests, long until)
    {
        int times = WarmUp(candidate, until);
        candidate.RunCrowded(requests, 1, token);
        return Turns(() => Block(candidate, times), () => candidate.RunCrowded(requests, times, token), 0, until)?.Ratio;
    }

    private PairTimes? Turns(Func<double> reference, Func<double>? other, long spread, long until)
    {
        List<double> first = [], ratios = [];
        while (Stopwatch.GetTimestamp() < (first.Count < Enough ? until : Math.Min(spread, until)))
        {
            token.ThrowIfCancellationRequested();
            if (isDisturbed())
            {
                token.WaitHandle.WaitOne(Pause);
                continue;
            }
            bool otherFirst = first.Count % 2 == 1;
            double before = otherFirst && other != null ? other() : 0;
            double time = reference();
            double after = otherFirst || other is null ? before : other();
            if (isDisturbed())
                continue;
            first.Add(time);
            ratios.Add(after / time);
        }
        return first.Count < Fewest ? null : new PairTimes(Median(first), Median(ratios), first.Count);
    }

    // The first of several runs does not count: it has to fetch back into the caches what the other's block drove out, and wakes the threads.
    private double Block(TuningCandidate candidate, int times)
    {
        if (times > 1)
            candidate.Run(1, token);
        return candidate.Run(times, token);
    }

    // Until it takes as long as the time before; how many runs make a block.
    private int WarmUp(TuningCandidate candidate, long until)
    {
        int times = 1;
        double last = candidate.Run(1, token);
        for (int i = 0; i < MostWarmUps && Stopwatch.GetTimestamp() < until; i++)
        {
            times = Math.Clamp((int)(BlockNanoseconds / last), 1, 1000);
            double now = candidate.Run(times, token);
            bool isStable = Math.Abs(now - last) < Stable * now;
            last = now;
            if (isStable)
                break;
        }
        return times;
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}

/// <summary>What a comparison found.</summary>
/// <param name="Nanoseconds">The median time of the first.</param>
/// <param name="Ratio">How many times as long the other takes, the median of the turns.</param>
/// <param name="Rounds">How many turns there were.</param>
internal sealed record PairTimes(double Nanoseconds, double Ratio, int Rounds);
