using System;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Threading;
using Cleave.Cores;

namespace Cleave.Workers;

/// <summary>
/// Parts of a request that run at once: the request's thread takes one, threads of the runner take others, and each takes what is left until none is. So nobody
/// waits for a thread that does not come. A run is over when every part is, whatever interrupts the request's thread: the others use its memory. After a failure, or once it
/// is cancelled, no further part is begun.
/// </summary>
/// <param name="workers">The runner's threads.</param>
internal abstract class SharedRun(WorkerPool workers) : IWorkItem
{
    private readonly ManualResetEventSlim _over = new(false);
    private CancellationToken _token;
    private Exception? _failure;
    private int _open;
    // The one that the request's thread is on; -1 where nobody is asked to help.
    private int _processor;

    /// <summary>Ends the present run.</summary>
    protected CancellationToken Token => _token;

    /// <summary>Runs all parts. The first failure, in time, is thrown.</summary>
    /// <param name="parts">How many there are.</param>
    /// <param name="helpers">How many other threads are asked to take part.</param>
    /// <param name="spin">For how long this thread may spin until the others have ended, in <see cref="Stopwatch"/> ticks.</param>
    /// <param name="token">Ends it.</param>
    protected void Run(int parts, int helpers, long spin, CancellationToken token)
    {
        _failure = null;
        _token = token;
        _open = parts;
        _over.Reset();
        _processor = helpers > 0 ? AffinityMask.Processor() : -1;
        // Last: an item of an earlier run, which a thread meets only now, takes part in this one from here on.
        Offer();
        AskForHelp(helpers);
        TakePart();
        AwaitOthers(spin);
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Helps.</summary>
    public void Execute()
    {
        // After a pause Linux may put both on one core while another sleeps, and leaves them there for many requests.
        if (_processor >= 0 && AffinityMask.Processor() == _processor)
            AffinityMask.Leave(_processor);
        TakePart();
    }

    private void TakePart()
    {
        int done = TakeParts();
        if (done > 0 && Interlocked.Add(ref _open, -done) == 0)
            _over.Set();
    }

    /// <summary>From now on all parts are there to be taken.</summary>
    protected abstract void Offer();

    /// <summary>Takes parts until none is left, and runs each that <see cref="IsWanted"/>. How many it took. On several threads at once; does not throw.</summary>
    protected abstract int TakeParts();

    /// <summary>Whether a part that was taken is to be run: not after a failure.</summary>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    protected bool IsWanted()
    {
        _token.ThrowIfCancellationRequested();
        return Volatile.Read(ref _failure) is null;
    }

    /// <summary>Notes a failure; the first one counts.</summary>
    protected void Fail(Exception failure) => Interlocked.CompareExchange(ref _failure, failure, null);

    private void AskForHelp(int helpers)
    {
        try
        {
            for (int i = helpers; i > 0; i--)
                workers.Enqueue(this);
        }
        catch (Exception) when (workers.Workers == 0)
        {
            // No thread can be started: this one runs them all.
        }
        catch (Exception e)
        {
            // Thrown once those that came are done: somebody interrupted this thread, say.
            Fail(e);
        }
    }

    private void AwaitOthers(long spin)
    {
        long start = spin > 0 ? Stopwatch.GetTimestamp() : 0;
        while (spin > 0 && !_over.IsSet && Stopwatch.GetTimestamp() - start < spin)
            Thread.SpinWait(8);
        while (!_over.IsSet)
        {
            try
            {
                _over.Wait(CancellationToken.None);
            }
            catch (Exception e)
            {
                Fail(e);
            }
        }
    }
}
