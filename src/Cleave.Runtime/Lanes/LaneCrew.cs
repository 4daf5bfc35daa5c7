using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Workers;

namespace Cleave.Lanes;

/// <summary>
/// The threads of a runner's lanes but the first: one for each, which does one request after another. A lane that is done
/// with one request starts the next, while other lanes still work on the first. Thread-safe.
/// </summary>
internal sealed class LaneCrew
{
    private readonly object _order = new();
    private readonly WorkerPool[] _threads;

    /// <param name="threads">How to make the thread of each lane but the first.</param>
    public LaneCrew(IEnumerable<WorkerSettings> threads) => _threads = [.. threads.Select(static t => new WorkerPool(t))];

    /// <summary>For each thread: done when the crew was stopped and it has ended.</summary>
    public IEnumerable<Task> Ended => _threads.Select(static t => t.Ended);

    /// <summary>How many lanes of requests wait for their threads, those that were withdrawn among them.</summary>
    public int Waiting => _threads.Sum(static t => t.Waiting);

    /// <summary>Queues the lanes but the first.</summary>
    /// <param name="lanes">The lanes of one call.</param>
    /// <param name="started">How many were queued, or withdrawn meanwhile, also where a thread could not be started.</param>
    public void Start(RunningLane[] lanes, ref int started)
    {
        // All requests in the same order on each lane: otherwise two could wait for each other.
        lock (_order)
        {
            for (; started < _threads.Length; started++)
                Queue(_threads[started], lanes[started + 1], ref started);
        }
    }

    private static void Queue(WorkerPool thread, RunningLane lane, ref int started)
    {
        lane.Place.Queue();
        try
        {
            thread.Enqueue(lane);
        }
        catch
        {
            if (!lane.Place.Unqueue())
                started++;
            throw;
        }
    }

    /// <summary>Ends the threads once nothing waits any more.</summary>
    public void Stop()
    {
        foreach (WorkerPool thread in _threads)
            thread.Stop();
    }
}
