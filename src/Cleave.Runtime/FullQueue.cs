namespace Cleave;

/// <summary>What happens to a request that finds the queue full.</summary>
public enum FullQueue
{
    /// <summary>
    /// Its thread waits for room, in <c>RunAsync</c>, too: what a request gives is copied before the call returns, and so many copies are not made.
    /// Cancelling ends that. The default.
    /// </summary>
    Wait,

    /// <summary>It fails at once (CLV4012).</summary>
    Reject,
}
