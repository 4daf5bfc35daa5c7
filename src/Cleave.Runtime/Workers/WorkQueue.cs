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
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _workers;
    // Workers that wait and were not yet woken for an item.
    private int _idle;
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
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stopped, this);
            _items.Enqueue(item);
            if (_idle > 0)
            {
                _idle--;
                Monitor.Pulse(_lock);
            }
            else if (_workers < mostWorkers)
            {
                StartWorker();
            }
        }
    }

    /// <summary>Ends the threads once nothing waits any more.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopped = true;
            _idle = 0;
            Monitor.PulseAll(_lock);
            if (_workers == 0)
                _ended.TrySetResult();
        }
    }

    private void StartWorker()
    {
        int number = _workers + 1;
        Thread thread = new(Work)
        {
            IsBackground = true,
            Name = string.Create(CultureInfo.InvariantCulture, $"Cleave {model} worker {number}"),
        };
        try
        {
            // Without the caller's execution context: it would live as long as the thread.
            thread.UnsafeStart();
            _workers = number;
        }
        catch (Exception) when (_workers > 0)
        {
            // The system gives no further thread; those there are take the item.
        }
    }

    private void Work()
    {
        while (Next())
        {
        }
    }

    // A method of its own, so that no local of the waiting loop keeps the last item alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Next()
    {
        if (Take() is not { } item)
            return false;
        item.Execute();
        return true;
    }

    private IWorkItem? Take()
    {
        lock (_lock)
        {
            while (_items.Count == 0)
            {
                if (_stopped)
                {
                    if (--_workers == 0)
                        _ended.TrySetResult();
                    return null;
                }
                _idle++;
                Monitor.Wait(_lock);
            }
            return _items.Dequeue();
        }
    }
}
