using System;
using System.Diagnostics;
using System.Threading;

namespace Cleave.Batching;

/// <summary>What ran together so far, and how long requests waited for it. Thread-safe.</summary>
internal sealed class BatchCounts
{
    private long _batches;
    private long _requests;
    private long _ran;
    private long _taken;
    private long _waited;

    /// <summary>Batches of two requests and more.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>The requests in them.</summary>
    public long Requests => Volatile.Read(ref _requests);

    /// <summary>How long a batch took on average.</summary>
    public TimeSpan MeanRun => Mean(Volatile.Read(ref _ran), Batches);

    /// <summary>How long a request waited on average until it was taken, into a batch or alone.</summary>
    public TimeSpan MeanWait => Mean(Volatile.Read(ref _waited), Volatile.Read(ref _taken));

    /// <summary>Requests ran together.</summary>
    /// <param name="requests">How many.</param>
    /// <param name="ticks">For how long, of <see cref="Stopwatch"/>.</param>
    public void Ran(int requests, long ticks)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _requests, requests);
        Interlocked.Add(ref _ran, ticks);
    }

    /// <summary>Requests were taken out of the queue.</summary>
    /// <param name="requests">How many.</param>
    /// <param name="ticks">How long they had waited together, in ticks of <see cref="Stopwatch"/>.</param>
    public void Taken(int requests, long ticks)
    {
        Interlocked.Add(ref _taken, requests);
        Interlocked.Add(ref _waited, ticks);
    }

    private static TimeSpan Mean(long ticks, long of) => of == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds((double)ticks / of / Stopwatch.Frequency);
}
