using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;

namespace Cleave.Tool.Measuring;

/// <summary>
/// Several threads that call at once, each again as soon as it has its answer; what is timed is how long each waited for
/// each answer. With one caller, the calling thread.
/// </summary>
/// <param name="calls">What each of the callers does.</param>
/// <param name="owner">Disposed in the end.</param>
internal sealed class Callers(IReadOnlyList<Action> calls, IDisposable owner) : IWorkload
{
    private int _next;

    /// <summary>Starts a thread; in tests one that cannot be started.</summary>
    public Action<Thread> Start { get; init; } = static thread => thread.Start();

    /// <summary>What each of the callers does.</summary>
    public IReadOnlyList<Action> Calls => calls;

    public void Block(double[] nanoseconds)
    {
        _next = 0;
        if (calls.Count == 1)
        {
            CallAgain(calls[0], nanoseconds);
            return;
        }
        Exception? failure = null;
        // Together from the start, and to the end: the calls are handed out one by one.
        using Barrier start = new(calls.Count);
        using CancellationTokenSource given = new();
        Thread[] threads = [.. calls.Select(call => new Thread(() =>
        {
            try
            {
                start.SignalAndWait(given.Token);
                CallAgain(call, nanoseconds);
            }
            catch (Exception e)
            {
                failure = e;
            }
        })
        {
            // One that hangs does not keep the process from ending.
            IsBackground = true,
        })];
        int started = 0;
        try
        {
            for (; started < threads.Length; started++)
                Start(threads[started]);
        }
        catch
        {
            // Those that wait for it would wait for ever.
            given.Cancel();
            throw;
        }
        finally
        {
            foreach (Thread thread in threads.AsSpan(0, started))
                thread.Join();
        }
        if (failure != null)
            throw new InvalidOperationException(failure.Message, failure);
    }

    public void Dispose() => owner.Dispose();

    private void CallAgain(Action call, double[] nanoseconds)
    {
        for (int i = Interlocked.Increment(ref _next) - 1; i < nanoseconds.Length; i = Interlocked.Increment(ref _next) - 1)
        {
            long start = Stopwatch.GetTimestamp();
            call();
            nanoseconds[i] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        }
    }
}
