using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Cleave.Tool.Measuring;

/// <summary>
/// The child's side: one workload, told over the standard streams what to do. Between two blocks it waits in a read, and
/// leaves the cores to the other candidates: it answers only when none of its threads runs any more.
/// </summary>
internal sealed class Worker
{
    public const string Ready = "ready";

    /// <summary>Answered where a thread of the workload runs on after a block.</summary>
    public const string Restless = "restless";

    /// <summary>Begins the last answer of a worker that failed; its message follows.</summary>
    public const string Failed = "failed ";

    // ONNX Runtime's longest spin is a third of a second.
    private static readonly TimeSpan SettlingLimit = TimeSpan.FromSeconds(2);
    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private readonly IWorkload _workload;
    private readonly TextWriter _answers;
    private TimeSpan _parkedCpu;
    private long _parkedSince;

    private Worker(IWorkload workload, TextWriter answers)
    {
        _workload = workload;
        _answers = answers;
    }

    public static int Serve(Func<IWorkload> create, TextReader commands, TextWriter answers)
    {
        try
        {
            using IWorkload workload = create();
            Worker worker = new(workload, answers);
            worker.Answer(Ready);
            while (commands.ReadLine() is string command)
                worker.Answer(worker.Obey(command.Split(' ')));
            return 0;
        }
        catch (Exception e)
        {
            // The parent shows the message; the rest is for whoever looks for the cause.
            Console.Error.WriteLine(e);
            answers.WriteLine(Failed + e.Message.ReplaceLineEndings(" "));
            answers.Flush();
            return 1;
        }
    }

    private string Obey(string[] command) => command switch
    {
        ["warm", string milliseconds, string calls] => Warm(TimeSpan.FromMilliseconds(int.Parse(milliseconds, Invariant)), int.Parse(calls, Invariant)),
        ["block", string count] => Block(int.Parse(count, Invariant)),
        ["rest"] => Block(0),
        ["peak"] => PeakMemory(),
        _ => throw new ArgumentException("Unknown command " + string.Join(' ', command)),
    };

    // Until the time is over. The answer is how long the shortest call took.
    private string Warm(TimeSpan time, int atOnce)
    {
        double[] times = new double[atOnce];
        double shortest = double.MaxValue;
        long start = Stopwatch.GetTimestamp();
        int calls = 0;
        do
        {
            _workload.Block(times);
            shortest = Math.Min(shortest, times.Min());
            calls++;
        }
        while (calls < 2 || Stopwatch.GetElapsedTime(start) < time);
        return CpuRest.Wait(SettlingLimit) is null ? Restless : shortest.ToString("0.#", Invariant);
    }

    private string Block(int count)
    {
        double[] times = new double[count];
        TimeSpan parked = CpuRest.Used - _parkedCpu;
        TimeSpan parkedFor = Stopwatch.GetElapsedTime(_parkedSince);
        long bytes = GC.GetTotalAllocatedBytes(precise: true);
        TimeSpan cpu = CpuRest.Used;
        _workload.Block(times);
        cpu = CpuRest.Used - cpu;
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        if (CpuRest.Wait(SettlingLimit) is not { } settling)
            return Restless;
        return new Block(times, bytes, Nanoseconds(cpu), Nanoseconds(settling), Nanoseconds(parked), Nanoseconds(parkedFor)).ToText();
    }

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;

    private static string PeakMemory()
    {
        using Process self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64.ToString(Invariant);
    }

    // Whatever follows is time in which the others run.
    private void Answer(string text)
    {
        _answers.WriteLine(text);
        _answers.Flush();
        _parkedCpu = CpuRest.Used;
        _parkedSince = Stopwatch.GetTimestamp();
    }
}
