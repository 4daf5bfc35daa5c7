using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Batches;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Sample;

/// <summary>All lines of the sample's pages by <c>RunManyAsync</c>, against a loop and padded batches with ONNX Runtime.</summary>
internal sealed class PageLines : IFamily
{
    private const string Batches = "batches of 8, sorted by width and padded";
    private const int BatchSize = 8;

    // Between a way and the set-up that it is run with.
    private const string By = ", ";

    public IEnumerable<Line> Measure(Harness.BenchOptions options)
    {
        int[] widths = [.. SampleProgram.Training("measure").Value("widths").Split(' ').Select(w => int.Parse(w, CultureInfo.InvariantCulture))];
        string model = Path.Combine(SampleProgram.Folder, "PageReader", "models", "recognizer_a.onnx");
        string[] parts = [.. widths.Select(w => Part(1, w))];
        string[] batches = [.. widths.Order().Chunk(BatchSize).Select(b => Part(b.Length, b[^1]))];
        OrtConfiguration[] setups = [.. OrtConfiguration.List(Cleave.Tool.Benching.BenchOptions.DefaultThreads(Contest.Cores), [1]).Where(static c => !c.Parallel)];
        Samples samples = Interleaved.Measure(
            [
                JobWorkload.Runner(model, parts),
                .. setups.Select(c => JobWorkload.Session(JobWorkload.Loop + By + c.Name, c, model, parts)),
                .. setups.Select(c => JobWorkload.Session(Batches + By + c.Name, c, model, batches)),
                // What the cores can give at most: no call of ONNX Runtime shares its work between threads more evenly.
                JobWorkload.Session(JobWorkload.Loops, 1, model, parts),
            ],
            options.Settings with { LeastCalls = options.Quick ? 2 : 5, Rounds = options.Rounds(20) });
        string loop = Best(JobWorkload.Loop), batch = Best(Batches), better = samples.Median(loop) < samples.Median(batch) ? loop : batch;
        Interval ratio = samples.Ratio(better, JobWorkload.Divided);
        yield return Line.Of(
            $"recognising all {widths.Length} lines of the pages: RunManyAsync against the better of a loop and {Batches}, each with the best set-up", ">= 1.2x",
            string.Create(CultureInfo.InvariantCulture, $"{ratio.AsRatio()} against {better} ({samples.Median(loop) / 1e6:0.0} ms, {loop}; {samples.Median(batch) / 1e6:0.0} ms, {batch}; {samples.Median(JobWorkload.Divided) / 1e6:0.0} ms, {JobWorkload.Divided}; {JobWorkload.Loops}, the bound: {samples.Median(JobWorkload.Loops) / 1e6:0.0} ms)"),
            ratio.Gains(1.2), samples);

        string Best(string way) => samples.Blocks.Keys.Where(k => k.StartsWith(way + By, System.StringComparison.Ordinal)).MinBy(samples.Median)!;
    }

    // The candidates are those of DividedJobs.
    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static string Part(int batch, int width) => string.Create(CultureInfo.InvariantCulture, $"batch={batch},width={width}");
}
