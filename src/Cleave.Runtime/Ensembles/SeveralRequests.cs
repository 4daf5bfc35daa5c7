using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Jobs;

namespace Cleave.Ensembles;

/// <summary>Several requests to an ensemble that succeed or fail as one: the first failure ends the others.</summary>
internal sealed class SeveralRequests<TOutput>
    where TOutput : IDisposable
{
    private readonly EnsembleEngine _engine;
    private readonly EnsembleCall[] _calls;
    private readonly Func<EnsembleCall, CancellationToken, TOutput> _run;
    private readonly CancellationToken _cancellation;
    private readonly CancellationTokenSource _stop;
    private readonly QueuedRun<EnsembleCall, TOutput>[] _requests;
    private Exception? _failure;

    /// <param name="engine">The ensemble.</param>
    /// <param name="calls">The requests, each of which has entered the gate.</param>
    /// <param name="run">Runs one, and makes its output object.</param>
    /// <param name="cancellation">Ends them.</param>
    public SeveralRequests(EnsembleEngine engine, EnsembleCall[] calls, Func<EnsembleCall, CancellationToken, TOutput> run, CancellationToken cancellation)
    {
        _engine = engine;
        _calls = calls;
        _run = run;
        _cancellation = cancellation;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _requests = Array.ConvertAll(calls, c => new QueuedRun<EnsembleCall, TOutput>(engine.Gate, engine.Workers, engine.Waiting, c, RunOrEndAll, _stop.Token));
    }

    /// <summary>Runs them on the engine's threads, and waits here, without the thread pool.</summary>
    public TOutput[] Run()
    {
        Queue();
        try
        {
            foreach (QueuedRun<EnsembleCall, TOutput> request in _requests)
                Wait(request.Task);
        }
        catch (ThreadInterruptedException)
        {
            // Nobody will have what they give.
            _stop.Cancel();
            _ = EndAsync();
            throw;
        }
        return Outputs();
    }

    /// <summary>Runs them on the engine's threads.</summary>
    public Task<TOutput[]> RunAsync()
    {
        Queue();
        return OutputsAsync();
    }

    private void Queue()
    {
        foreach (QueuedRun<EnsembleCall, TOutput> request in _requests)
            request.Queue();
    }

    private static void Wait(Task task)
    {
        try
        {
            task.Wait(CancellationToken.None);
        }
        catch (AggregateException)
        {
            // Looked at when all are over.
        }
    }

    private async Task<TOutput[]> OutputsAsync()
    {
        await AllAsync();
        return Outputs();
    }

    private async Task EndAsync()
    {
        await AllAsync();
        _stop.Dispose();
        DisposeOutputs();
    }

    private ConfiguredTaskAwaitable AllAsync() => ((Task)Task.WhenAll(_requests.Select(static r => r.Task))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void DisposeOutputs()
    {
        foreach (QueuedRun<EnsembleCall, TOutput> request in _requests.Where(static r => r.Task.IsCompletedSuccessfully))
            request.Task.Result.Dispose();
    }

    // All are over.
    private TOutput[] Outputs()
    {
        _stop.Dispose();
        if (_requests.All(static r => r.Task.IsCompletedSuccessfully))
            return Array.ConvertAll(_requests, static r => r.Task.Result);
        DisposeOutputs();
        // One that never ran: no thread could be started.
        throw _failure ?? _requests.Select(static r => r.Task.Exception?.InnerException).FirstOrDefault(static e => e is not null) ?? new OperationCanceledException(_cancellation);
    }

    private TOutput RunOrEndAll(EnsembleCall call, CancellationToken token)
    {
        try
        {
            return _run(call, token);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (Interlocked.CompareExchange(ref _failure, JobParts.Named(_engine.Name, Array.IndexOf(_calls, call), _calls.Length, e), null) is null)
                _stop.Cancel();
            throw;
        }
    }
}
