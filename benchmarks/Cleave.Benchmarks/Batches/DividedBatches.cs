using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;

namespace Cleave.Benchmarks.Batches;

/// <summary>
/// Batches of a request that is alone: what the runner chooses, one session or several instances, against the best single session of ONNX Runtime. And whether
/// slices that run at once take as long as one of them alone.
/// </summary>
internal sealed class DividedBatches : IFamily
{
    private const string Workload = "divided-batches";
    private const string Chosen = "chosen";
    private const string Divided = "divided";
    private const string Alone = "a slice alone";
    private const double Limit = 1 / 0.97;
    private const double Near = 0.15;
    private const int SamplesOfBlock = 24;

    private static readonly int[] Sizes = [2, 4, 8, 16];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (!FreedModels.Exist)
        {
            yield return Line.NotMeasured("divided batches", ">= 0.97x", "the shared models are absent");
            yield break;
        }
        List<double> gains = [];
        foreach (string model in FreedModels.Names)
        {
            foreach (int size in Sizes.Where(size => options.Has(string.Create(CultureInfo.InvariantCulture, $"{model}/{size}"))))
                yield return Attempt.At($"divided batches: {model}, {size}", () => AgainstBest(options, model, FreedModels.PathOf(model), size, gains));
            if (options.Has(model + "/slices"))
                yield return Attempt.At($"divided batches: {model}, slices", () => Expected(options, model, FreedModels.PathOf(model)));
        }
        if (gains.Count < FreedModels.Names.Length * Sizes.Length)
            yield break;
        double mean = gains.Average();
        yield return Line.Of("divided batches: the mean of these, against the best single session", ">= 1.00x",
            string.Create(CultureInfo.InvariantCulture, $"{mean:0.00}x"), mean >= 1, gains);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name == "session")
            return BenchWorkloads.Create(name, arguments);
        if (name != Workload)
            return null;
        RunnerOptions options = new() { Dividing = Enum.Parse<DividingChoice>(arguments[0]), Cores = BenchRun.Cores };
        (Func<LooseRunner> create, RequestInputs inputs) = BenchWorkloads.Planned(arguments[1..], options);
        LooseRunner runner = create();
        LooseCall call = runner.CreateCall(inputs);
        return new Callers([() => call.Run()], runner);
    }

    private static Line AgainstBest(BenchOptions options, string model, string path, int size, List<double> gains)
    {
        Candidate[] sessions = [.. Sessions(path, size)];
        (Samples samples, Interval ratio, bool holds) = Claims.NoLoss(
            () => Interleaved.Measure([.. sessions, Runner(Chosen, DividingChoice.Auto, path, size)], Settings(options, size)), s => s.Ratio(Chosen, Best(s)), Limit);
        string best = Best(samples);
        Interval gain = samples.Ratio(best, Chosen);
        gains.Add(gain.Median);
        return Line.Of(
            string.Create(CultureInfo.InvariantCulture, $"batch of {size}, what is chosen against the best single session: {model}"), ">= 0.97x",
            string.Create(CultureInfo.InvariantCulture, $"{gain.AsRatio()} ({samples.Median(best) / 1e6:0.00} ms with {best}, {samples.Median(Chosen) / 1e6:0.00} ms)"), holds, samples);
    }

    // Packrat's question (appendix A): the table has what an instance takes alone; how long do all of them take together? By hand: as many threads of one's own
    // that call one session together.
    private static Line Expected(BenchOptions options, string model, string path)
    {
        int all = Sizes[^1], slice = all / BenchRun.Cores;
        Samples samples = Interleaved.Measure(
            [
                Runner(Divided, DividingChoice.On, path, all),
                BenchWorkloads.OfSession(Alone, path, Inputs(slice), new OrtConfiguration(1, Spinning.Off, Parallel: false, Callers: 1)),
                JobWorkload.Session(JobWorkload.Loops, 1, path, Enumerable.Repeat(string.Create(CultureInfo.InvariantCulture, $"{FreedModels.Batch}={slice}"), BenchRun.Cores)),
            ],
            Settings(options, all));
        Interval ratio = samples.Ratio(Divided, Alone);
        return Line.Of(
            string.Create(CultureInfo.InvariantCulture, $"batch of {all} in {BenchRun.Cores} slices at once, against one of them alone: {model}"), "within 15 %",
            string.Create(CultureInfo.InvariantCulture, $"{ratio.AsRatio()} ({samples.Median(Divided) / 1e6:0.00} and {samples.Median(Alone) / 1e6:0.00} ms; {JobWorkload.Loops} {samples.Ratio(JobWorkload.Loops, Alone).AsRatio()})"),
            Math.Abs(ratio.Median - 1) <= Near, samples);
    }

    // A block of about as many samples, whatever their batch: one of large batches would last for minutes.
    private static MeasureSettings Settings(BenchOptions options, int size) =>
        options.Settings with { LeastCalls = options.Quick ? 3 : Math.Max(2, SamplesOfBlock / size), Rounds = options.Rounds(12) };

    private static IEnumerable<Candidate> Sessions(string path, int size) => OrtConfiguration.List(Cleave.Tool.Benching.BenchOptions.DefaultThreads(BenchRun.Cores), [1]).Where(c => !c.Parallel)
        .Select(c => BenchWorkloads.OfSession(c.Name, path, Inputs(size), c));

    private static Candidate Runner(string name, DividingChoice dividing, string path, int size) => new(name, Workload, [dividing.ToString(), path, .. Inputs(size).InputArguments]) { IsJudged = true };

    private static Cleave.Tool.Benching.BenchOptions Inputs(int size) => new(
        new Dictionary<string, string> { [FreedModels.Batch] = size.ToString(CultureInfo.InvariantCulture) }, new Dictionary<string, string>(), [1], Callers: [1], Rounds: null, Quick: false);

    private static string Best(Samples samples) => samples.Blocks.Keys.Where(k => k != Chosen).MinBy(samples.Median)!;
}
