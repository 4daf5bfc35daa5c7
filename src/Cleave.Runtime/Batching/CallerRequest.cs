using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using Cleave.Calls;
using Cleave.Generated;
using Cleave.Workers;

namespace Cleave.Batching;

/// <summary>A request whose thread waits for it. That thread may be asked to run it, and what waits with it.</summary>
internal sealed class CallerRequest(BatchQueue queue, RunGate gate, CallBuffers buffers, CancellationToken cancellation)
    : BatchRequest(queue, gate, buffers, cancellation)
{
    [ThreadStatic]
    private static WorkerWait? _ofThread;

    // Of the thread that makes it, which is the one that waits. It does not spin: there are more such threads than cores.
    private readonly WorkerWait _wait = _ofThread ??= new WorkerWait(soon: 0);
    private Exception? _failure;
    private volatile bool _isCalled;

    public override bool HasThread => true;

    public override bool TryLead()
    {
        if (!base.TryLead())
            return false;
        Call();
        return true;
    }

    /// <summary>Returns when it went well.</summary>
    public void Execute()
    {
        Watch();
        if (!Queue.Join(this))
            Wait();
        if (IsLeading)
            Queue.Lead(this);
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    protected override void OnEnd(Exception? failure)
    {
        _failure = failure;
        Call();
    }

    private void Wait()
    {
        try
        {
            while (!_isCalled)
                _wait.Wait();
        }
        catch
        {
            // Somebody interrupted the thread, which will not come back to this.
            _ofThread = null;
            GoAway();
            throw;
        }
    }

    private void GoAway()
    {
        if (TryGiveUp())
            return;
        // Whoever interrupts it once more: others use its memory.
        while (!_isCalled)
        {
            try
            {
                _wait.Wait();
            }
            catch (ThreadInterruptedException)
            {
            }
        }
        if (IsLeading)
            Queue.Lead(this);
        if (_failure is null)
            Free();
    }

    private void Call()
    {
        _isCalled = true;
        _wait.Wake();
    }
}
