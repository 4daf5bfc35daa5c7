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
        Thread[] threads = [.. calls.Select(call => new Thread(() =>
        {
            try
            {
                start.SignalAndWait();
                CallAgain(call, nanoseconds);
            }
            catch (Exception e)
            {
                failure = e;
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
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
