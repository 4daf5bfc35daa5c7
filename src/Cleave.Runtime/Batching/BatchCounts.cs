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

    /// <summary>How long they ran together.</summary>
    public TimeSpan RanFor => Span(Volatile.Read(ref _ran));

    /// <summary>Requests that were taken out of the queue, into a batch or alone.</summary>
    public long TakenRequests => Volatile.Read(ref _taken);

    /// <summary>How long they had waited together.</summary>
    public TimeSpan WaitedFor => Span(Volatile.Read(ref _waited));

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

    private static TimeSpan Span(long ticks) => TimeSpan.FromSeconds((double)ticks / Stopwatch.Frequency);
}
