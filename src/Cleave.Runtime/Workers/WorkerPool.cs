using System.Threading.Tasks;

namespace Cleave.Workers;

/// <summary>The runner's end of its <see cref="WorkQueue"/>: when it is forgotten, the threads end all the same.</summary>
internal sealed class WorkerPool(WorkerSettings settings)
{
    private readonly WorkQueue _queue = new(settings);

    ~WorkerPool() => _queue.Stop();

    public int Workers => _queue.Workers;

    public int Waiting => _queue.Waiting;

    /// <summary>How many items wait for a thread that does something else.</summary>
    public int HeldUp => _queue.HeldUp;

    /// <summary>Done when the pool was stopped and every thread has ended.</summary>
    public Task Ended => _queue.Ended;

    public void Enqueue(IWorkItem item) => _queue.Enqueue(item);

    /// <summary>Ends the threads once nothing waits any more.</summary>
    public void Stop() => _queue.Stop();
}
