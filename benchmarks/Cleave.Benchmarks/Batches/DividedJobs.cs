using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Batches;

/// <summary>Jobs of several parts by <c>RunManyAsync</c>, against what one would write by hand with ONNX Runtime: a loop, or one batch, padded where it must be.</summary>
internal sealed class DividedJobs : IFamily
{
    private const string Batch = "batch";
    private const string OneThread = "loop, 1 thread";

    // A round of the larger one takes half a minute.
    private static readonly (string Model, string Words, int Rounds)[] Encoders = [("bert_4x384", "BERT-like 4x384", 24), ("bert_6x768", "BERT-like 6x768", 10)];

    private static string AllThreads { get; } = string.Create(CultureInfo.InvariantCulture, $"{Contest.Cores} threads");

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        List<(string Words, Samples Samples)> jobs = [];
        foreach ((string model, string words, int rounds) in Encoders.Where(e => options.Has(e.Model)))
        {
            Samples mixed = Sentences(model, "16 of 16 to 256 tokens", rounds, Mixed);
            yield return Row(mixed, $"{words}, 16 sentences of 16 to 256 tokens: RunManyAsync against one padded batch, {AllThreads}", Batch, 1.8);
            yield return Row(mixed, $"{words}, 16 sentences of 16 to 256 tokens: RunManyAsync against an unpadded loop, {AllThreads}", JobWorkload.Loop, 1.0);
            Samples brief = Sentences(model, "64 of 4 to 32 tokens", rounds, Brief);
            yield return Row(brief, $"{words}, 64 sentences of 4 to 32 tokens: RunManyAsync against the better of loop and padded batch, {AllThreads}", Better(brief), 1.3);
            Samples equal = Sentences(model, "16 of 128 tokens", rounds, Enumerable.Repeat(128, 16));
            yield return Row(equal, $"{words}, 16 sentences of 128 tokens: RunManyAsync against the better of loop and batch, {AllThreads}", Better(equal), 0.98);
        }
        if (jobs.Count > 0)
            JobPlot.Write(jobs, Path.Combine(Report.BenchFolder(), "jobs.svg"));
        if (options.Has("dtln_1"))
        {
            foreach (Line line in Small(options))
                yield return line;
        }

        Samples Sentences(string model, string words, int rounds, IEnumerable<int> lengths)
        {
            Samples samples = DividedJobs.Sentences(options, model, rounds, lengths);
            jobs.Add((model + ", " + words, samples));
            return samples;
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => JobWorkload.Create(name, arguments);

    /// <summary>Sixteen lengths, evenly spread, in no order.</summary>
    public static IEnumerable<int> Mixed => Enumerable.Range(0, 16).Select(i => 16 * ((i * 7 % 16) + 1));

    /// <summary>Sixty-four short lengths.</summary>
    public static IEnumerable<int> Brief => Enumerable.Range(0, 64).Select(i => 4 + (i * 11 % 29));

    private static string Better(Samples samples) => samples.Median(JobWorkload.Loop) < samples.Median(Batch) ? JobWorkload.Loop : Batch;

    private static Samples Sentences(BenchOptions options, string model, int rounds, IEnumerable<int> lengths)
    {
        string path = ModelCatalog.Get(model).Write(ModelCatalog.Folder);
        int[] tokens = [.. lengths];
        string[] parts = [.. tokens.Select(t => Part(1, t))];
        MeasureSettings settings = options.Settings with { LeastCalls = options.Quick ? 1 : 2, Rounds = options.Rounds(rounds), LeastTime = TimeSpan.Zero };
        return Interleaved.Measure(
            [
                JobWorkload.Runner(path, parts),
                JobWorkload.Session(JobWorkload.Loop, Contest.Cores, path, parts),
                JobWorkload.Session(Batch, Contest.Cores, path, [Part(tokens.Length, tokens.Max())]),
            ],
            settings);
    }

    /// <summary>The dimensions of so many sentences.</summary>
    public static string Part(int batch, int tokens) => string.Create(CultureInfo.InvariantCulture, $"batch={batch},sequence={tokens}");

    private static Line[] Small(BenchOptions options)
    {
        const string What = "64 parts of the size of DTLN's first stage in one job, against the loop with the best number of threads";
        if (!SharedModels.Exist)
            return [Line.NotMeasured(What, ">= 1.5x", SharedModels.WhySkipped)];
        string path = ModelCatalog.Get("dtln_1").Write(ModelCatalog.Folder);
        string[] parts = [.. Enumerable.Repeat("as it is", 64)];
        Samples samples = Interleaved.Measure(
            [
                JobWorkload.Runner(path, parts),
                JobWorkload.Runner(path, parts, JobWorkload.Synchronous),
                JobWorkload.Session(JobWorkload.Loop, Contest.Cores, path, parts),
                JobWorkload.Session(OneThread, 1, path, parts),
                JobWorkload.Session(JobWorkload.Loops, 1, path, parts),
            ],
            options.Settings with { LeastCalls = options.Quick ? 3 : 10, Rounds = options.Rounds(16) });
        string best = samples.Median(OneThread) < samples.Median(JobWorkload.Loop) ? OneThread : JobWorkload.Loop;
        string bound = string.Create(CultureInfo.InvariantCulture, $"; {JobWorkload.Loops}: {samples.Median(JobWorkload.Loops) / 1e6:0.0} ms");
        return
        [
            Row(samples, JobWorkload.Synchronous + ": " + What, best, 1.5, bound, JobWorkload.Synchronous),
            Row(samples, JobWorkload.Divided + ": " + What, best, 1.5, bound),
        ];
    }

    // A gain is claimed from the lower bound; that nothing is lost, from the upper one.
    private static Line Row(Samples samples, string what, string other, double target, string more = "", string ours = JobWorkload.Divided)
    {
        Interval ratio = samples.Ratio(other, ours);
        return Line.Of(
            what, string.Create(CultureInfo.InvariantCulture, $">= {target:0.0#}x"),
            string.Create(CultureInfo.InvariantCulture,
                $"{ratio.AsRatio()} ({samples.Median(other) / 1e6:0.0} ms by {other}, {samples.Median(ours) / 1e6:0.0} ms{more})"),
            target > 1 ? ratio.Gains(target) : ratio.High >= target, samples);
    }
}
