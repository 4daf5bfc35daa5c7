using System;
using System.Diagnostics;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Prepared;

/// <summary>
/// One start, which a process has once: how long it takes until the sessions exist, until the first request has its result, and that from the start of the process on.
/// </summary>
/// <param name="open">Makes the sessions, and gives what runs a request.</param>
/// <param name="before">What comes first, and does not count.</param>
/// <param name="check">Refuses what was opened otherwise than it should be, once the times are taken.</param>
internal sealed class StartWorkload(Func<(Action Run, IDisposable Owner)> open, Action? before = null, Action<IDisposable>? check = null) : IWorkload
{
    /// <summary>So many times are taken.</summary>
    public const int Times = 3;

    public void Block(double[] nanoseconds)
    {
        before?.Invoke();
        long start = Stopwatch.GetTimestamp();
        (Action run, IDisposable owner) = open();
        using (owner)
        {
            nanoseconds[0] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            run();
            nanoseconds[1] = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            using Process self = Process.GetCurrentProcess();
            nanoseconds[2] = (DateTime.Now - self.StartTime - Starts.Planning).TotalNanoseconds;
            check?.Invoke(owner);
        }
    }

    public void Dispose()
    {
    }
}
