using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using ThreadState = System.Diagnostics.ThreadState;

namespace Cleave.Tool.Measuring;

/// <summary>
/// Whether a process rests, told by its CPU time. ONNX Runtime's pools go on spinning after a run, for milliseconds up to
/// a third of a second, and would take a core from whatever is measured next.
/// </summary>
internal static class CpuRest
{
    /// <summary>A process rests while its threads together use less than this part of a core.</summary>
    public const double Resting = 0.1;

    // So long must it rest.
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(6);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);

    // Parked, a process may use this much whatever the time: the garbage collector, the compiler's background thread, the
    // way from the answer to the next command.
    private static readonly TimeSpan Allowance = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits until this process rests, at most so long. How long that took; null where it does not rest.</summary>
    public static TimeSpan? Wait(TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        long from = start;
        TimeSpan cpu = Used;
        while (true)
        {
            Thread.Sleep(Step);
            TimeSpan window = Stopwatch.GetElapsedTime(from);
            if (window < Window)
                continue;
            if (Used - cpu < window * Resting && !OthersRun())
                return Stopwatch.GetElapsedTime(start, from);
            if (Stopwatch.GetElapsedTime(start) > limit)
                return null;
            // After the look at the threads, which takes CPU time itself.
            from = Stopwatch.GetTimestamp();
            cpu = Used;
        }
    }

    /// <summary>Whether a process that used so much CPU time while it was parked so long had a thread that ran on.</summary>
    public static bool Spun(TimeSpan cpu, TimeSpan parked) => cpu > Allowance + parked * Resting;

    // A spinning thread that does not get a core uses no CPU time, but is ready to run. One runs: the one that asks.
    private static bool OthersRun()
    {
        using Process self = Process.GetCurrentProcess();
        return self.Threads.Cast<ProcessThread>().Count(t => t.ThreadState is ThreadState.Running or ThreadState.Ready) > 1;
    }

    /// <summary>CPU time of all threads of this process.</summary>
    public static TimeSpan Used => Environment.CpuUsage.TotalTime;
}
