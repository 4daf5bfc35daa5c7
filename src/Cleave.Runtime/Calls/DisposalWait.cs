using System;
using System.Diagnostics;
using System.Threading.Tasks;
using Cleave.Logging;
using Cleave.Workers;
using Microsoft.Extensions.Logging;

namespace Cleave.Calls;

/// <summary>How the disposal of a runner waits for what goes on: it says now and then what that is. Thread-safe.</summary>
/// <param name="name">The runner's name.</param>
/// <param name="gate">What is inside it.</param>
/// <param name="how">How its requests run, in words.</param>
/// <param name="workers">Its threads.</param>
/// <param name="logger">Gets the lines.</param>
internal sealed class DisposalWait(string name, RunGate gate, string how, WorkerPool workers, ILogger logger)
{
    /// <summary>How often it says so.</summary>
    public TimeSpan Step { get; set; } = TimeSpan.FromSeconds(10);

    // Not by waiting for the asynchronous one: that one needs the thread pool, all of whose threads may wait for this.
    /// <summary>Blocks until a task is done.</summary>
    /// <param name="task">The task.</param>
    /// <param name="start">When the disposal began, by <see cref="Stopwatch"/>.</param>
    public void Wait(Task task, long start)
    {
        while (!task.Wait(Step))
            Say(start);
    }

    /// <summary>Done when a task is.</summary>
    /// <param name="task">The task.</param>
    /// <param name="start">When the disposal began, by <see cref="Stopwatch"/>.</param>
    public async ValueTask WaitAsync(Task task, long start)
    {
        while (await Task.WhenAny(task, Task.Delay(Step)).ConfigureAwait(false) != task)
            Say(start);
    }

    private void Say(long start)
    {
        string[] works = gate.Works;
        Log.DisposeWaits(logger, name, Stopwatch.GetElapsedTime(start).TotalSeconds, Math.Max(0, gate.Inside - works.Length), how, workers.Waiting,
            string.Concat(Array.ConvertAll(works, static work => "; " + work)));
    }
}
