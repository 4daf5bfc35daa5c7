using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Logging;
using Microsoft.Extensions.Logging;

namespace Cleave.Workers;

/// <summary>
/// What waits, and the threads that work on it: started when needed, blocked while idle; what would end one is logged, and it goes on. The threads
/// hold this object and nothing else, so they do not keep a forgotten runner alive. Thread-safe.
/// </summary>
internal sealed class WorkQueue(WorkerSettings settings)
{
    private readonly object _lock = new();
    private readonly Queue<IWorkItem> _items = new();
    // The one that became idle last is woken first: its caches are warm.
    private readonly List<Worker> _idle = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _workers;
    private bool _stopped;

    /// <summary>Done when the queue was stopped and every thread has ended.</summary>
    public Task Ended => _ended.Task;

    public int Workers
    {
        get
        {
            lock (_lock)
                return _workers;
        }
    }

    /// <summary>How many items wait.</summary>
    public int Waiting => _items.Count;

    /// <summary>
    /// How many items wait for a thread that does something else: while one is idle, none does. Read without the lock, after each batch and each part of a job; a number of a
    /// moment ago does.
    /// </summary>
    public int HeldUp => _idle.Count > 0 ? 0 : _items.Count;

    public void Enqueue(IWorkItem item)
    {
        Worker? idle;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            // First: where no thread can be started, nothing is queued.
            idle = _idle.Count > 0 ? _idle[^1] : null;
            if (idle != null)
                Leave(idle);
            else if (_workers < settings.Most)
                StartWorker();
            _items.Enqueue(item);
        }
        idle?.Wake();
    }

    /// <summary>Ends the threads once nothing waits any more.</summary>
    public void Stop()
    {
        Worker[] idle;
        lock (_lock)
        {
            _stopped = true;
            idle = [.. _idle];
            _idle.Clear();
            // One of them may yet take an item that waits.
            foreach (Worker worker in idle)
                worker.IsIdle = false;
            if (_workers == 0)
                _ended.TrySetResult();
        }
        foreach (Worker worker in idle)
            worker.Wake();
    }

    private void StartWorker()
    {
        int number = _workers + 1;
        try
        {
            new Worker(this, settings, settings.Name(number)).Start();
            _workers = number;
        }
        catch (Exception) when (_workers > 0)
        {
            // The system gives no further thread; those there are take the item.
        }
    }

    /// <summary>The next item; null where there is none, and then the worker is idle, or is to end.</summary>
    private IWorkItem? Take(Worker worker, out bool end)
    {
        lock (_lock)
        {
            end = false;
            if (_items.TryDequeue(out IWorkItem? item))
            {
                // Nobody woke it: its thread was interrupted.
                if (worker.IsIdle)
                    Leave(worker);
                return item;
            }
            end = _stopped;
            if (end)
            {
                if (--_workers == 0)
                    _ended.TrySetResult();
            }
            else if (!worker.IsIdle)
            {
                worker.IsIdle = true;
                _idle.Add(worker);
            }
            return null;
        }
    }

    // The idle ones; mostly it is their last.
    private void Leave(Worker idle)
    {
        idle.IsIdle = false;
        _idle.RemoveAt(_idle.LastIndexOf(idle));
    }

    /// <summary>One thread.</summary>
    private sealed class Worker(WorkQueue queue, WorkerSettings settings, string name)
    {
        // An exception out of a thread ends the process.
        private readonly ILogger _logger = QuietLogger.Of(settings.Logger);
        private readonly WorkerWait _wait = new(settings.SpinLimit);

        /// <summary>Whether it is among the idle ones; under the queue's lock.</summary>
        public bool IsIdle { get; set; }

        // Without the caller's execution context: it would live as long as the thread.
        public void Start() => new Thread(Work) { IsBackground = true, Name = name }.UnsafeStart();

        public void Wake() => _wait.Wake();

        private void Work()
        {
            bool isPinned = false;
            bool end = false;
            while (!end)
            {
                try
                {
                    if (!isPinned)
                    {
                        isPinned = true;
                        settings.Pin?.Apply(name);
                    }
                    Step(out end);
                }
                catch (Exception e)
                {
                    // Items report their own failures: somebody interrupted the thread, or memory ran out.
                    Log.ThreadGoesOn(_logger, name, e);
                }
            }
            _wait.Dispose();
        }

        // A method of its own, so that no local of a thread that waits keeps the last item alive.
        [MethodImpl(MethodImplOptions.NoInlining)]
        private void Step(out bool end)
        {
            if (queue.Take(this, out end) is { } item)
                item.Execute();
            else if (!end)
                _wait.Wait();
        }
    }
}
