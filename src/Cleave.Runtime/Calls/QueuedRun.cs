using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Generated;
using Cleave.Workers;

namespace Cleave.Calls;

/// <summary>A request that waits for a worker, and its task. It has entered the runner's gate, and leaves it when it is over.</summary>
internal sealed class QueuedRun<TInput, TOutput>(
    ModelRunner<TInput, TOutput> runner, RunnerEngine engine, CallBuffers buffers, CancellationToken cancellationToken)
    : TaskCompletionSource<TOutput>(TaskCreationOptions.RunContinuationsAsynchronously), IWorkItem
    where TOutput : IDisposable
{
    private const int Waiting = 0;
    private const int Started = 1;
    private const int Dropped = 2;

    private int _state;
    private CancellationTokenRegistration _registration;

    public void Queue()
    {
        try
        {
            if (cancellationToken.CanBeCanceled)
                _registration = cancellationToken.UnsafeRegister(static run => ((QueuedRun<TInput, TOutput>)run!).Drop(), this);
            engine.Workers.Enqueue(this);
        }
        catch (Exception e)
        {
            // No thread could be started, or no memory is left.
            if (Interlocked.CompareExchange(ref _state, Dropped, Waiting) != Waiting)
                return;
            _registration.Dispose();
            Leave();
            SetException(e);
        }
    }

    public void Execute()
    {
        if (Interlocked.CompareExchange(ref _state, Started, Waiting) != Waiting)
            return;
        _registration.Dispose();
        TOutput output;
        try
        {
            output = runner.RunBound(buffers, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            engine.Gate.Exit();
            SetCanceled(cancellationToken);
            return;
        }
        catch (Exception e)
        {
            engine.Gate.Exit();
            SetException(e);
            return;
        }
        engine.Gate.Exit();
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
        buffers.Release(buffers.Generation);
        engine.Gate.Exit();
    }
}
