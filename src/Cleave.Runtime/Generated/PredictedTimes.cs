using System;
using System.ComponentModel;
using Cleave.Core.Parts;

namespace Cleave.Generated;

/// <summary>What calls of a model are predicted to take, over its open dimensions and threads: some calls, between which the others are. Made by generated code; immutable.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PredictedTimes
{
    /// <summary>Describes them.</summary>
    /// <param name="threads">Thread counts, rising from 1.</param>
    /// <param name="calls">At least one.</param>
    /// <exception cref="ArgumentException">A call has not one positive time for each thread count, or there is none.</exception>
    public PredictedTimes(int[] threads, params PredictedTime[] calls)
    {
        ArgumentNullException.ThrowIfNull(threads);
        ArgumentNullException.ThrowIfNull(calls);
        if (threads is not [1, ..] || calls.Length == 0 || !Array.TrueForAll(calls, c => c.Microseconds.Length == threads.Length && Array.TrueForAll(c.Microseconds, static t => t > 0)))
            throw new ArgumentException("There is one positive time for each thread count, from 1 on.", nameof(calls));
        Threads = threads;
        Calls = calls;
    }

    internal int[] Threads { get; }

    internal PredictedTime[] Calls { get; }

    /// <summary>The same as the planners read it.</summary>
    internal CallTimes ToCallTimes() => new(Threads, Array.ConvertAll(Calls, static c => new PredictedCall(c.Elements, c.Samples, c.Microseconds)));
}

/// <summary>What a call of some size is predicted to take. Made by generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly struct PredictedTime
{
    /// <summary>Describes it.</summary>
    /// <param name="elements">Elements of all inputs of one sample.</param>
    /// <param name="samples">Its samples.</param>
    /// <param name="microseconds">By thread count.</param>
    public PredictedTime(long elements, int samples, params double[] microseconds)
    {
        ArgumentNullException.ThrowIfNull(microseconds);
        ArgumentOutOfRangeException.ThrowIfLessThan(samples, 1);
        Elements = elements;
        Samples = samples;
        Microseconds = microseconds;
    }

    internal long Elements { get; }

    internal int Samples { get; }

    internal double[] Microseconds { get; }
}
