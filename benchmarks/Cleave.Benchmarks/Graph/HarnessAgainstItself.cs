using System.Collections.Generic;
using System.Linq;
using Cleave.Benchmarks.Foundation;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Graph;

/// <summary>
/// The harness, measured: the same candidate twice, each time in new processes. An interval that does not contain 1.00 is
/// one that lies, and one that is wide says nothing.
/// </summary>
internal sealed class HarnessAgainstItself : IFamily
{
    private const string What = "harness: the same candidate against itself, 40 times";
    private const int Comparisons = 40;
    private const int LeastRight = 35;
    private const double WidestMedian = 0.04;

    // About 0.7 ms of arithmetic on one thread.
    private const int Layers = 10;
    private const int Width = 256;
    private const int Rows = 32;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        string path = SyntheticModels.Layers(Layers, Width, Rows);
        Candidate[] twins = [new("one", "harness-twin", path) { IsJudged = true }, new("other", "harness-twin", path)];
        List<Interval> intervals = [];
        List<Samples> samples = [];
        for (int i = 0; i < options.Rounds(Comparisons); i++)
        {
            samples.Add(Interleaved.Measure(twins, options.Settings with { WarmUp = options.Settings.WarmUp / 4 }));
            intervals.Add(samples[^1].Ratio("one", "other"));
        }
        int right = intervals.Count(r => r.Contains(1));
        double width = Statistics.Median(intervals.Select(r => r.Width));
        string measured = $"{right} of {intervals.Count} contain 1.00, median width {width:0.0%} (one run {samples[0].Median("one") / 1e6:0.00} ms)";
        yield return Line.Of(What, ">= 35 intervals contain 1.00, median width <= 4 %", measured, right >= LeastRight && width <= WidestMedian,
            new { Intervals = intervals, Samples = samples });
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) =>
        name == "harness-twin" ? Workloads.Binding(arguments[0], group: 1) : null;
}
