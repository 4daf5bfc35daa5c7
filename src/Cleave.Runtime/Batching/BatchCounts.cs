using System.Threading;

namespace Cleave.Batching;

/// <summary>What ran together so far. Thread-safe.</summary>
internal sealed class BatchCounts
{
    private long _batches;
    private long _requests;

    /// <summary>Batches of two requests and more.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>The requests in them.</summary>
    public long Requests => Volatile.Read(ref _requests);

    public void Add(int requests)
    {
        Interlocked.Increment(ref _batches);
        Interlocked.Add(ref _requests, requests);
    }
}
