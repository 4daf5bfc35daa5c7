using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using Cleave.Plans;
using Cleave.Workers;

namespace Cleave.Calls;

/// <summary>
/// Runs the slices of a batch at once: the request's thread takes one, threads of the runner take others, and each takes what is left until none is. So nobody
/// waits for a thread that does not come. A run is over when every slice is; after a failure, or once it is cancelled, no further one is begun.
/// </summary>
/// <param name="workers">The runner's threads.</param>
/// <param name="slices">At least one; disposed with this.</param>
internal sealed class SliceRun(WorkerPool workers, BatchSlice[] slices) : IWorkItem, IDisposable
{
    private readonly ManualResetEventSlim _over = new(false);
    private CancellationToken _token;
    private Exception? _failure;
    private int _next = slices.Length;
    private int _open;

    /// <summary>Where each slice is to run.</summary>
    public RunnerMode[] Modes { get; } = new RunnerMode[slices.Length];

    /// <summary>Runs all. The first failure, in time, is thrown.</summary>
    public void Run(CancellationToken token)
    {
        _failure = null;
        _token = token;
        _open = slices.Length;
        _over.Reset();
        // Last: an item of an earlier run, which a thread meets only now, takes part in this one from here on.
        Volatile.Write(ref _next, 0);
        AskForHelp();
        Execute();
        AwaitOthers();
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>Takes slices until none is left.</summary>
    public void Execute()
    {
        for (int next = Take(); next < slices.Length; next = Take())
            RunOne(next);
    }

    public void Dispose()
    {
        foreach (BatchSlice slice in slices)
            slice.Dispose();
    }

    private int Take() => Interlocked.Increment(ref _next) - 1;

    private void RunOne(int slice)
    {
        try
        {
            _token.ThrowIfCancellationRequested();
            if (Volatile.Read(ref _failure) is null)
                slices[slice].Run(Modes[slice], _token);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
        }
        if (Interlocked.Decrement(ref _open) == 0)
            _over.Set();
    }

    private void AskForHelp()
    {
        try
        {
            for (int i = 1; i < slices.Length; i++)
                workers.Enqueue(this);
        }
        catch (Exception) when (workers.Workers == 0)
        {
            // No thread can be started: this one runs them all.
        }
    }

    private void AwaitOthers()
    {
        try
        {
            _over.Wait(CancellationToken.None);
        }
        catch
        {
            // Somebody interrupted this thread; the others still use the memory.
            SpinWait spin = default;
            while (!_over.IsSet)
                spin.SpinOnce();
            throw;
        }
    }
}
