using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Batches;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Sample;

/// <summary>All lines of the sample's pages by <c>RunManyAsync</c>, against a loop and padded batches with ONNX Runtime.</summary>
internal sealed class PageLines : IFamily
{
    private const string Batches = "batches of 8, sorted by width and padded";
    private const int BatchSize = 8;

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        int[] widths = [.. SampleProgram.Training("measure").Value("widths").Split(' ').Select(w => int.Parse(w, CultureInfo.InvariantCulture))];
        string model = Path.Combine(SampleProgram.Folder, "PageReader", "models", "recognizer_a.onnx");
        string[] parts = [.. widths.Select(w => Part(1, w))];
        string[] batches = [.. widths.Order().Chunk(BatchSize).Select(b => Part(b.Length, b[^1]))];
        Samples samples = Interleaved.Measure(
            [
                JobWorkload.Runner(model, parts),
                JobWorkload.Session(JobWorkload.Loop, Contest.Cores, model, parts),
                JobWorkload.Session(Batches, Contest.Cores, model, batches),
                // What the cores can give at most: no call of ONNX Runtime shares its work between threads more evenly.
                JobWorkload.Session(JobWorkload.Loops, 1, model, parts),
            ],
            options.Settings with { LeastCalls = options.Quick ? 2 : 5, Rounds = options.Rounds(20) });
        string better = samples.Median(JobWorkload.Loop) < samples.Median(Batches) ? JobWorkload.Loop : Batches;
        Interval ratio = samples.Ratio(better, JobWorkload.Divided);
        yield return Line.Of(
            $"recognising all {widths.Length} lines of the pages: RunManyAsync against the better of a loop and {Batches}", ">= 1.2x",
            string.Create(CultureInfo.InvariantCulture, $"{ratio.AsRatio()} ({samples.Median(JobWorkload.Loop) / 1e6:0.0} ms in a loop, {samples.Median(Batches) / 1e6:0.0} ms in batches, {samples.Median(JobWorkload.Divided) / 1e6:0.0} ms; {JobWorkload.Loops}, the bound: {samples.Median(JobWorkload.Loops) / 1e6:0.0} ms)"),
            ratio.Gains(1.2), samples);
    }

    // The candidates are those of DividedJobs.
    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static string Part(int batch, int width) => string.Create(CultureInfo.InvariantCulture, $"batch={batch},width={width}");
}
