using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Workers;

namespace Cleave.Ensembles;

/// <summary>A request to an ensemble that waits for one of its threads, and its task. It has entered the gate, and leaves it when it is over.</summary>
internal sealed class EnsembleTask<TOutput>(EnsembleEngine engine, EnsembleCall call, Func<EnsembleCall, CancellationToken, TOutput> run, CancellationToken token)
    : TaskCompletionSource<TOutput>(TaskCreationOptions.RunContinuationsAsynchronously), IWorkItem
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
            if (token.CanBeCanceled)
                _registration = token.UnsafeRegister(static task => ((EnsembleTask<TOutput>)task!).Drop(), this);
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
            output = run(call, token);
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            engine.Gate.Exit();
            SetCanceled(token);
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

    // Cancelled before a thread took it; the one that meets it later does nothing.
    private void Drop()
    {
        if (Interlocked.CompareExchange(ref _state, Dropped, Waiting) != Waiting)
            return;
        Leave();
        SetCanceled(token);
    }

    private void Leave()
    {
        call.Release(call.Generation);
        engine.Gate.Exit();
    }
}
