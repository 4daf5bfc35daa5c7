using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Ledger;
using Cleave.Workers;

namespace Cleave.Calls;

/// <summary>A request to a model or an ensemble that waits for a worker, and its task. It has entered the runner's gate, and leaves it when it is over.</summary>
/// <param name="gate">The runner's.</param>
/// <param name="workers">Who runs it.</param>
/// <param name="waiting">Counts it while it waits.</param>
/// <param name="buffers">Its inputs and outputs; given back where it does not begin.</param>
/// <param name="run">Runs them, and makes the output object, which then owns them; gives them back where it fails.</param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class QueuedRun<TBuffers, TOutput>(
    RunGate gate, WorkerPool workers, WaitingRequests waiting, TBuffers buffers, Func<TBuffers, CancellationToken, TOutput> run, CancellationToken cancellationToken)
    : TaskCompletionSource<TOutput>(TaskCreationOptions.RunContinuationsAsynchronously), IWorkItem
    where TBuffers : RequestBuffers
    where TOutput : IDisposable
{
    private const int Waiting = 0;
    private const int Started = 1;
    private const int Dropped = 2;

    private int _state;
    private long _since;
    private CancellationTokenRegistration _registration;

    public void Queue()
    {
        _since = waiting.Enter();
        try
        {
            if (cancellationToken.CanBeCanceled)
                _registration = cancellationToken.UnsafeRegister(static queued => ((QueuedRun<TBuffers, TOutput>)queued!).Drop(), this);
            workers.Enqueue(this);
        }
        catch (Exception e)
        {
            // No thread could be started, or no memory is left.
            if (Interlocked.CompareExchange(ref _state, Dropped, Waiting) != Waiting)
                return;
            _registration.Unregister();
            Leave();
            SetException(e);
        }
    }

    public void Execute()
    {
        if (Interlocked.CompareExchange(ref _state, Started, Waiting) != Waiting)
            return;
        // Not Dispose, which waits for a callback that runs, and throws where this thread is interrupted: it does nothing any more.
        _registration.Unregister();
        waiting.Leave(_since, begins: true);
        TOutput output;
        try
        {
            output = run(buffers, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            gate.Exit();
            SetCanceled(cancellationToken);
            return;
        }
        catch (Exception e)
        {
            gate.Exit();
            SetException(e);
            return;
        }
        gate.Exit();
        SetResult(output);
    }

    // Cancelled before a worker took it; the worker that meets it later does nothing.
    private void Drop()
    {
        if (Interlocked.CompareExchange(ref _state, Dropped, Waiting) != Waiting)
            return;
        Leave();
        SetCanceled(cancellationToken);
    }

    private void Leave()
    {
        waiting.Leave(_since, begins: false);
        buffers.Release(buffers.Generation);
        gate.Exit();
    }
}
