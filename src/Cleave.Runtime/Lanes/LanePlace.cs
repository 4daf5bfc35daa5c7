using System.Threading;

namespace Cleave.Lanes;

/// <summary>
/// A lane's place in the queue of its thread, where each of its runs is queued once: either the thread begins the run, or somebody withdraws it before.
/// What was withdrawn stays in the queue, before all later runs of the lane, and is counted, so that its turn begins none of those. Thread-safe.
/// </summary>
internal sealed class LanePlace
{
    // Bit 0: the present run is queued and did not begin. Above: how many runs that were withdrawn are in the queue still.
    private const int Queued = 1;
    private const int Withdrawn = 2;

    private int _state;

    /// <summary>Before a run is queued; the one before has begun, or was withdrawn.</summary>
    public void Queue() => Interlocked.Add(ref _state, Queued);

    /// <summary>The run could not be queued. False where it was withdrawn meanwhile.</summary>
    public bool Unqueue() => Change(ifQueued: -Queued, otherwise: -Withdrawn);

    /// <summary>True for the caller that withdrew the run; false where it has begun, or was not queued.</summary>
    public bool Withdraw() => Change(ifQueued: Withdrawn - Queued, otherwise: 0);

    /// <summary>A turn of the lane has come. True where it is the present run's, which now has begun; false where it was withdrawn.</summary>
    public bool Begin()
    {
        while (true)
        {
            int state = Volatile.Read(ref _state);
            int step = state >= Withdrawn ? Withdrawn : Queued;
            if (Interlocked.CompareExchange(ref _state, state - step, state) == state)
                return step == Queued;
        }
    }

    private bool Change(int ifQueued, int otherwise)
    {
        while (true)
        {
            int state = Volatile.Read(ref _state);
            bool isQueued = (state & Queued) != 0;
            int next = state + (isQueued ? ifQueued : otherwise);
            if (Interlocked.CompareExchange(ref _state, next, state) == state)
                return isQueued;
        }
    }
}
