using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Harness;

/// <summary>The first run of something in a process that was just started, which every compile pays for, and the later ones.</summary>
internal static class FirstRun
{
    private const int Processes = 7;
    private const int RunsOfEach = 5;
    private const int WarmUp = 10;
    private const int RunsWarm = 20;

    /// <param name="what">What runs.</param>
    /// <param name="longest">Milliseconds that the first run may take.</param>
    /// <param name="options">How long to measure.</param>
    /// <param name="workload">One that times each run by itself.</param>
    /// <param name="arguments">Of the workload.</param>
    public static Line Measure(string what, double longest, BenchOptions options, string workload, params string[] arguments)
    {
        double[][] processes = [.. Enumerable.Range(0, options.Rounds(Processes)).Select(_ => Process(workload, arguments, RunsOfEach))];
        double[] first = [.. processes.Select(p => p[0])], again = [.. processes.Select(p => p.Skip(1).Min())];
        double milliseconds = Statistics.Median(first);
        return Line.Of(
            what + ", first run in a fresh process", string.Create(CultureInfo.InvariantCulture, $"<= {longest} ms"),
            string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0} ms ({first.Min():0} to {first.Max():0}); compiled already {Statistics.Median(again):0} ms"),
            milliseconds <= longest, processes);
    }

    /// <summary>What it takes in a process that ran it before, and beside it, without a target, the first time.</summary>
    /// <param name="what">What runs.</param>
    /// <param name="longest">Milliseconds that a run may take.</param>
    /// <param name="options">How long to measure.</param>
    /// <param name="workload">One that times each run by itself.</param>
    /// <param name="arguments">Of the workload.</param>
    public static IEnumerable<Line> MeasureWarm(string what, double longest, BenchOptions options, string workload, params string[] arguments)
    {
        double[][] processes = [.. Enumerable.Range(0, options.Rounds(Processes)).Select(_ => Process(workload, arguments, WarmUp + RunsWarm))];
        double[] first = [.. processes.Select(p => p[0])], warm = [.. processes.Select(p => Statistics.Median(p[WarmUp..]))];
        double milliseconds = Statistics.Median(warm);
        yield return Line.Of(
            string.Create(CultureInfo.InvariantCulture, $"{what}, warmed up by {WarmUp} runs"), string.Create(CultureInfo.InvariantCulture, $"<= {longest} ms"),
            string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0} ms ({warm.Min():0} to {warm.Max():0} in {processes.Length} processes)"), milliseconds <= longest, processes);
        yield return Line.Shown(
            what + ", first run in a fresh process, compiling included", string.Create(CultureInfo.InvariantCulture, $"{Statistics.Median(first):0} ms ({first.Min():0} to {first.Max():0})"), first);
    }

    private static double[] Process(string workload, string[] arguments, int runs)
    {
        using WorkerProcess worker = new(Interleaved.Host, workload, arguments);
        return [.. worker.Block(runs).Nanoseconds.Select(n => n / 1e6)];
    }
}
