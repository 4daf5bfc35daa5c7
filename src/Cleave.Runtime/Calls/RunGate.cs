using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Workers;

namespace Cleave.Calls;

/// <summary>Counts the requests that run or are queued, and the runner's own work; once closed, lets nothing in and tells when all is out. Thread-safe.</summary>
internal sealed class RunGate(string model)
{
    private const int Closed = int.MinValue;

    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    // What is done inside that is no request, in words.
    private readonly List<string> _works = [];
    private int _state;

    /// <summary>How many are inside.</summary>
    public int Inside => Volatile.Read(ref _state) & ~Closed;

    /// <summary>What is done inside that is no request, each in words.</summary>
    public string[] Works
    {
        get
        {
            lock (_works)
                return [.. _works];
        }
    }

    public bool IsClosed => Volatile.Read(ref _state) < 0;

    /// <summary>Done when the gate is closed and nobody is inside.</summary>
    public Task Drained => _drained.Task;

    /// <exception cref="ObjectDisposedException">The gate is closed.</exception>
    public void Enter()
    {
        if (!TryEnter())
            throw Disposed();
    }

    /// <summary>False where the gate is closed.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _state) >= 0)
            return true;
        Exit();
        return false;
    }

    /// <summary>Notes that one of those inside is no request, but this.</summary>
    public void Begin(string work)
    {
        using (new PatientLock(_works))
            _works.Add(work);
    }

    /// <summary>It is over, and leaves.</summary>
    public void End(string work)
    {
        using (new PatientLock(_works))
            _works.Remove(work);
        Exit();
    }

    /// <summary>Enters once more for somebody who is inside, whether the gate is closed or not: whoever closed it waits for them all.</summary>
    public void EnterAgain() => Interlocked.Increment(ref _state);

    /// <summary>What is thrown where the gate is closed.</summary>
    public ObjectDisposedException Disposed() => new(model, "The runner of '" + model + "' was disposed.");

    public void Exit()
    {
        if (Interlocked.Decrement(ref _state) == Closed)
            _drained.TrySetResult();
    }

    /// <summary>True for the one caller that closed it.</summary>
    public bool Close()
    {
        int before = Interlocked.Or(ref _state, Closed);
        if (before == 0)
            _drained.TrySetResult();
        return before >= 0;
    }
}
