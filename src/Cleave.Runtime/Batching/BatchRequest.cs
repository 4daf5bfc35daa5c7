using System;
using System.Collections.Generic;
using System.Threading;
using Cleave.Calls;
using Cleave.Generated;

namespace Cleave.Batching;

/// <summary>
/// A request that waits to run, alone or with others. It has entered the runner's gate, and holds its buffers: when it has failed or was cancelled, whoever
/// used them last gives them back and leaves the gate; when it went well, they are its owner's. Ends once. Thread-safe.
/// </summary>
internal abstract class BatchRequest
{
    private const int Waiting = 0;
    private const int Taken = 1;
    private const int Leading = 2;
    private const int Ended = 3;

    private readonly BatchQueue _queue;
    private readonly RunGate _gate;
    private readonly int _generation;
    private int _state;
    private CancellationTokenRegistration _registration;

    protected BatchRequest(BatchQueue queue, RunGate gate, CallBuffers buffers, CancellationToken cancellation)
    {
        _queue = queue;
        _gate = gate;
        _generation = buffers.Generation;
        Buffers = buffers;
        Cancellation = cancellation;
        Node = new LinkedListNode<BatchRequest>(this);
    }

    public CallBuffers Buffers { get; }

    public CancellationToken Cancellation { get; }

    public int Samples => Buffers.Batch.Samples;

    /// <summary>Whether a thread waits for it that can run it.</summary>
    public abstract bool HasThread { get; }

    /// <summary>Its place in the queue.</summary>
    public LinkedListNode<BatchRequest> Node { get; }

    /// <summary>When it came.</summary>
    public long Since { get; set; }

    /// <summary>When it got its place in the queue: later, where that was full.</summary>
    public long Queued { get; set; }

    public bool IsEnded => Volatile.Read(ref _state) == Ended;

    protected BatchQueue Queue => _queue;

    protected bool IsLeading => Volatile.Read(ref _state) == Leading;

    /// <summary>From now on cancelling drops it.</summary>
    public void Watch()
    {
        if (Cancellation.CanBeCanceled)
            _registration = Cancellation.UnsafeRegister(static request => ((BatchRequest)request!).Drop(), this);
    }

    /// <summary>Takes it into a batch; false where it was cancelled.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Waiting) == Waiting;

    /// <summary>Has its own thread run it, and what waits with it; false where it was cancelled.</summary>
    public virtual bool TryLead() => Interlocked.CompareExchange(ref _state, Leading, Waiting) == Waiting;

    /// <summary>Runs it by itself. False where it failed.</summary>
    public bool RunAlone()
    {
        Exception? failure = null;
        try
        {
            if (!IsEnded)
                Buffers.Run(_generation, Cancellation);
        }
        catch (Exception e)
        {
            failure = e;
        }
        End(failure);
        return failure is null || Cancellation.IsCancellationRequested;
    }

    /// <summary>Whoever ran it is done with it.</summary>
    /// <param name="failure">Null: it went well.</param>
    public void End(Exception? failure)
    {
        _registration.Unregister();
        int before = Interlocked.Exchange(ref _state, Ended);
        if (before == Leading && failure is null && Cancellation.IsCancellationRequested)
            failure = new OperationCanceledException(Cancellation);
        if (before == Ended || failure != null)
            Free();
        if (before != Ended)
            OnEnd(failure);
    }

    /// <summary>It never got a place in the queue, or its thread does not wait for it any more. False where it is too late.</summary>
    public bool TryGiveUp()
    {
        _registration.Unregister();
        int before = Interlocked.CompareExchange(ref _state, Ended, Waiting);
        if (before == Taken)
            before = Interlocked.CompareExchange(ref _state, Ended, Taken) == Taken ? Taken : Ended;
        // Where a batch has it, the batch gives its buffers back.
        if (before == Waiting)
            Free();
        _queue.Remove(this);
        return before is Waiting or Taken;
    }

    /// <summary>It is over: on the thread that ran it, or that cancelled it.</summary>
    protected abstract void OnEnd(Exception? failure);

    /// <summary>Gives the buffers back and leaves the gate.</summary>
    protected void Free()
    {
        Buffers.Release(_generation);
        _gate.Exit();
    }

    protected void LeaveGate() => _gate.Exit();

    private void Drop()
    {
        if (TryGiveUp())
            OnEnd(new OperationCanceledException(Cancellation));
    }
}
