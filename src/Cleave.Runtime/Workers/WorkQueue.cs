using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace Cleave.Workers;

/// <summary>
/// What waits, and the threads that work on it: started when needed, blocked while idle. The threads hold this object and
/// nothing else, so they do not keep a forgotten runner alive. Thread-safe.
/// </summary>
internal sealed class WorkQueue(string model, int mostWorkers)
{
    private readonly object _lock = new();
    private readonly Queue<IWorkItem> _items = new();
    // The one that became idle last is woken first: its caches are warm.
    private readonly Stack<Worker> _idle = new();
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

    public int Waiting
    {
        get
        {
            lock (_lock)
                return _items.Count;
        }
    }

    public void Enqueue(IWorkItem item)
    {
        Worker? idle;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            _items.Enqueue(item);
            if (!_idle.TryPop(out idle) && _workers < mostWorkers)
                StartWorker();
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
            new Worker(this, string.Create(CultureInfo.InvariantCulture, $"Cleave {model} worker {number}")).Start();
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
                return item;
            end = _stopped;
            if (!end)
                _idle.Push(worker);
            else if (--_workers == 0)
                _ended.TrySetResult();
            return null;
        }
    }

    /// <summary>One thread.</summary>
    private sealed class Worker(WorkQueue queue, string name)
    {
        private readonly WorkerWait _wait = new();

        // Without the caller's execution context: it would live as long as the thread.
        public void Start() => new Thread(Work) { IsBackground = true, Name = name }.UnsafeStart();

        public void Wake() => _wait.Wake();

        private void Work()
        {
            while (TryWork(out bool end) || !end)
            {
            }
            _wait.Dispose();
        }

        // A method of its own, so that no local of a thread that waits keeps the last item alive.
        [MethodImpl(MethodImplOptions.NoInlining)]
        private bool TryWork(out bool end)
        {
            if (queue.Take(this, out end) is { } item)
            {
                item.Execute();
                return true;
            }
            if (!end)
                _wait.Wait();
            return false;
        }
    }
}
