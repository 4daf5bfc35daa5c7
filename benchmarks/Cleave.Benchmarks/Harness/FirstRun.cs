using System.Globalization;
using System.Linq;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Harness;

/// <summary>What every compile pays for: the first run of something in a process that was just started, and beside it the later ones.</summary>
internal static class FirstRun
{
    private const int Processes = 7;
    private const int RunsOfEach = 5;

    /// <param name="what">What runs.</param>
    /// <param name="longest">Milliseconds that the first run may take.</param>
    /// <param name="options">How long to measure.</param>
    /// <param name="workload">One that times each run by itself.</param>
    /// <param name="arguments">Of the workload.</param>
    public static Line Measure(string what, double longest, BenchOptions options, string workload, params string[] arguments)
    {
        double[][] processes = [.. Enumerable.Range(0, options.Rounds(Processes)).Select(_ => Process(workload, arguments))];
        double[] first = [.. processes.Select(p => p[0])], again = [.. processes.Select(p => p.Skip(1).Min())];
        double milliseconds = Statistics.Median(first);
        return Line.Of(
            what + ", first run in a fresh process", string.Create(CultureInfo.InvariantCulture, $"<= {longest} ms"),
            string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0} ms ({first.Min():0} to {first.Max():0}); compiled already {Statistics.Median(again):0} ms"),
            milliseconds <= longest, processes);
    }

    private static double[] Process(string workload, string[] arguments)
    {
        using WorkerProcess worker = new(Interleaved.Host, workload, arguments);
        return [.. worker.Block(RunsOfEach).Nanoseconds.Select(n => n / 1e6)];
    }
}
