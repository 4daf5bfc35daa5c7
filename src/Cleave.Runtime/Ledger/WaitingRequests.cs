using System.Diagnostics;
using System.Threading;

namespace Cleave.Ledger;

/// <summary>The requests of one runner that wait for one of its threads and run with no others: their number has no limit. A job is one. Thread-safe.</summary>
/// <param name="calls">Told how long each waited.</param>
internal sealed class WaitingRequests(CallMeter calls)
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <summary>One begins to wait; it is to <see cref="Leave"/>. When that was.</summary>
    public long Enter()
    {
        Interlocked.Increment(ref _count);
        return Stopwatch.GetTimestamp();
    }

    /// <summary>One does not wait any more.</summary>
    /// <param name="since">Since when it did.</param>
    /// <param name="begins">Whether it begins; else it was cancelled.</param>
    public void Leave(long since, bool begins)
    {
        Interlocked.Decrement(ref _count);
        if (begins)
            calls.Waited(since);
    }
}
