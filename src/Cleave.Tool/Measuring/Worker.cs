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
    private static readonly TimeSpan SettlingLimit = TimeSpan.FromSeconds(5);

    // A method is compiled for its last tier after thirty calls of each tier before.
    private const int CallsToFinalTier = 100;
    private static readonly TimeSpan CompilerTime = TimeSpan.FromMilliseconds(100);
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
        if (time > TimeSpan.Zero)
            LetCompilerFinish();
        return CpuRest.Wait(SettlingLimit) is null ? Restless : shortest.ToString("0.#", Invariant);
    }

    // .NET compiles what was called often once more, in the background: some of it when this process is parked and another
    // one is measured. So what a block needs is called often now, and the compiler gets the time to finish.
    private void LetCompilerFinish()
    {
        // Numbers of every length: writing them is most of what an answer needs.
        double[] numbers = [.. Enumerable.Range(1, 50).Select(i => Math.Pow(1.5, i))];
        for (int i = 0; i < CallsToFinalTier; i++)
        {
            (Run([]) with { Nanoseconds = numbers }).ToText();
        }
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < CompilerTime)
            Obey(["rest"]);
    }

    private string Block(int count)
    {
        Block block = Run(new double[count]);
        return CpuRest.Wait(SettlingLimit) is { } settling ? (block with { Settling = Nanoseconds(settling) }).ToText() : Restless;
    }

    private Block Run(double[] times)
    {
        TimeSpan parked = CpuRest.Used - _parkedCpu;
        TimeSpan parkedFor = Stopwatch.GetElapsedTime(_parkedSince);
        long bytes = GC.GetTotalAllocatedBytes(precise: true);
        TimeSpan cpu = CpuRest.Used;
        _workload.Block(times);
        cpu = CpuRest.Used - cpu;
        bytes = GC.GetTotalAllocatedBytes(precise: true) - bytes;
        return new Block(times, bytes, Nanoseconds(cpu), Settling: 0, Nanoseconds(parked), Nanoseconds(parkedFor));
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
