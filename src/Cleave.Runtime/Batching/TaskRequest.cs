using System;
using System.Threading;
using System.Threading.Tasks;
using Cleave.Calls;
using Cleave.Generated;

namespace Cleave.Batching;

/// <summary>A request for whose task somebody waits; a thread of the runner runs it.</summary>
internal sealed class TaskRequest<TInput, TOutput>(ModelRunner<TInput, TOutput> runner, BatchQueue queue, RunGate gate, CallBuffers buffers, CancellationToken cancellation)
    : BatchRequest(queue, gate, buffers, cancellation)
    where TOutput : IDisposable
{
    private readonly TaskCompletionSource<TOutput> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TOutput> Outcome => _outcome.Task;

    public override bool HasThread => false;

    /// <summary>Comes into the queue.</summary>
    /// <exception cref="CleaveException">It is full.</exception>
    public void Start()
    {
        Watch();
        Queue.Join(this);
    }

    protected override void OnEnd(Exception? failure)
    {
        if (failure is OperationCanceledException && Cancellation.IsCancellationRequested)
            _outcome.SetCanceled(Cancellation);
        else if (failure != null)
            _outcome.SetException(failure);
        else
            Collect();
    }

    private void Collect()
    {
        TOutput output;
        try
        {
            output = runner.CollectOrRelease(Buffers);
        }
        catch (Exception e)
        {
            LeaveGate();
            _outcome.SetException(e);
            return;
        }
        LeaveGate();
        _outcome.SetResult(output);
    }
}
