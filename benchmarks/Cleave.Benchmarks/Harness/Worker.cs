using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Cleave.Benchmarks.Harness;

/// <summary>
/// The child's side: one workload, told over the standard streams what to do. Between two blocks it waits in a read, and
/// leaves the cores to the other candidates.
/// </summary>
internal static class Worker
{
    public const string Ready = "ready";

    public static int Serve(Func<IWorkload> create, TextReader commands, TextWriter answers)
    {
        try
        {
            using IWorkload workload = create();
            Answer(answers, Ready);
            while (commands.ReadLine() is string command)
                Answer(answers, Obey(workload, command.Split(' ')));
            return 0;
        }
        catch (Exception e)
        {
            // The parent prints it.
            Console.Error.WriteLine(e);
            return 1;
        }
    }

    private static string Obey(IWorkload workload, string[] command) => command switch
    {
        ["warm", string milliseconds] => Warm(workload, TimeSpan.FromMilliseconds(int.Parse(milliseconds, CultureInfo.InvariantCulture))),
        ["block", string count] => Block(workload, int.Parse(count, CultureInfo.InvariantCulture)),
        ["peak"] => PeakMemory(),
        _ => throw new ArgumentException("Unknown command " + string.Join(' ', command)),
    };

    // Until the time is over, so that every method has reached its final tier.
    private static string Warm(IWorkload workload, TimeSpan time)
    {
        double[] one = new double[1];
        long start = Stopwatch.GetTimestamp();
        do
        {
            workload.Block(one);
        }
        while (Stopwatch.GetElapsedTime(start) < time);
        return Ready;
    }

    // What all threads allocated, then the timings.
    private static string Block(IWorkload workload, int count)
    {
        double[] times = new double[count];
        long before = GC.GetTotalAllocatedBytes(precise: true);
        workload.Block(times);
        long bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
        return bytes.ToString(CultureInfo.InvariantCulture) + " "
            + string.Join(' ', times.Select(t => t.ToString("R", CultureInfo.InvariantCulture)));
    }

    private static string PeakMemory()
    {
        using Process self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64.ToString(CultureInfo.InvariantCulture);
    }

    private static void Answer(TextWriter answers, string text)
    {
        answers.WriteLine(text);
        answers.Flush();
    }
}
