using System;
using System.Collections.Generic;
using System.Threading;

namespace Cleave.Tuning;

/// <summary>
/// Compares two ways to run one request, in turns: a machine that gets slower or faster meanwhile changes nothing. They are spread over seconds: while something
/// else has a core, for as long as it has it, every way with one thread less looks better. What was measured while requests of the application ran does not count.
/// </summary>
/// <param name="isBusy">Whether something else runs now.</param>
/// <param name="begun">How often something else began to run, ever: what begins and ends within a turn is not seen otherwise.</param>
/// <param name="span">How long the turns of two are spread, while there is time.</param>
/// <param name="token">Ends it.</param>
internal sealed class PairTimer(Func<bool> isBusy, Func<long> begun, TimeSpan span, CancellationToken token)
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

    /// <summary>Says when the time is over; another one in tests.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public long Now => Clock.GetTimestamp();

    /// <summary>When so much time will have passed; however much it is.</summary>
    public long After(TimeSpan time) => Now + (long)Math.Min(time.TotalSeconds * Clock.TimestampFrequency, long.MaxValue / 4);

    /// <summary>The median time of the first, and how many times as long the other takes; null where the time was too short, or something else always ran.</summary>
    /// <param name="reference">The first.</param>
    /// <param name="other">The other; null: only the first is measured.</param>
    /// <param name="until">When it ends, by <see cref="Clock"/>: nothing begins after it.</param>
    public PairTimes? Compare(TuningCandidate reference, TuningCandidate? other, long until)
    {
        if (WarmUp(reference, until) is not { } firstTimes)
            return null;
        if (other is null)
            return Turns(() => Block(reference, firstTimes), null, 0, until);
        return WarmUp(other, until) is { } otherTimes ? Turns(() => Block(reference, firstTimes), () => Block(other, otherTimes), After(span), until) : null;
    }

    /// <summary>How many times as long each takes where so many run at once; null where the time was too short, or something else always ran.</summary>
    /// <param name="candidate">One that runs a request on one thread.</param>
    /// <param name="requests">How many.</param>
    /// <param name="until">When it ends, by <see cref="Clock"/>: nothing begins after it.</param>
    public double? Crowd(TuningCandidate candidate, int requests, long until)
    {
        if (WarmUp(candidate, until) is not { } times || !IsQuiet(until))
            return null;
        candidate.RunCrowded(requests, 1, token);
        return Turns(() => Block(candidate, times), () => candidate.RunCrowded(requests, times, token), 0, until)?.Ratio;
    }

    private PairTimes? Turns(Func<double> reference, Func<double>? other, long spread, long until)
    {
        List<double> first = [], ratios = [];
        while (IsQuiet(first.Count < Enough ? until : Math.Min(spread, until)))
        {
            // Before it is asked what runs: what began until then is seen there, as long as it runs.
            long begunBefore = begun();
            if (isBusy())
                continue;
            bool otherFirst = first.Count % 2 == 1;
            double before = otherFirst && other != null ? other() : 0;
            double time = reference();
            double after = otherFirst || other is null ? before : other();
            if (isBusy() || begun() != begunBefore)
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

    // Until it takes as long as the time before; how many runs make a block. Null where the time is over before it begins.
    private int? WarmUp(TuningCandidate candidate, long until)
    {
        if (!IsQuiet(until))
            return null;
        int times = 1;
        double last = candidate.Run(1, token);
        for (int i = 0; i < MostWarmUps && IsQuiet(until); i++)
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

    // Waits for what else runs; false where the time is over.
    private bool IsQuiet(long until)
    {
        while (Now < until)
        {
            token.ThrowIfCancellationRequested();
            if (!isBusy())
                return true;
            token.WaitHandle.WaitOne(Pause);
        }
        return false;
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
