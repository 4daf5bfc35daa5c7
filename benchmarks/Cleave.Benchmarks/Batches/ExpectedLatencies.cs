using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Calls;
using Cleave.Core.Tuning;
using Cleave.Engines;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;

namespace Cleave.Benchmarks.Batches;

/// <summary>
/// What the planner expects of the configuration that it chose, against what that takes (Packrat, appendix A): batches after <c>TuneAsync</c>, by what calls took
/// there. Beside it, what the build had predicted for the same configuration.
/// </summary>
internal sealed class ExpectedLatencies : IFamily
{
    private const string Target = "within 15 %";
    private const double Near = 0.15;
    private const int Samples = 16;

    // Of the chosen configuration: the first runs learn shapes, and compare the two ways.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Block = TimeSpan.FromMilliseconds(250);

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        (string Name, string Path, string[] Inputs)[] models =
        [
            .. FreedModels.Exist ? FreedModels.Names.Where(options.Has).Select(name => (name, FreedModels.PathOf(name), Arguments())) : [],
            .. Catalog(options, "mlp_8x512", Arguments()),
            .. Catalog(options, "bert_4x384", Arguments("dsequence=128")),
        ];
        foreach ((string name, string path, string[] inputs) in models)
            yield return Batch(name, path, inputs, options);
        foreach (string encoder in new[] { "bert_4x384", "bert_6x768" }.Where(e => options.Has(e)))
        {
            foreach (Line line in ExpectedJobs.Measure(encoder, options))
                yield return line;
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    /// <summary>The row of the table.</summary>
    /// <param name="what">What was measured.</param>
    /// <param name="taken">What it took, by block.</param>
    /// <param name="expected">What the planner expected of each, in the same unit.</param>
    /// <param name="words">What else is to be told.</param>
    public static Line Row(string what, IReadOnlyList<double> taken, IReadOnlyList<double> expected, string words)
    {
        Interval ratio = Statistics.MedianInterval(expected.Zip(taken, static (e, t) => e / t));
        return Line.Of(
            "expected over actual latency, " + what, Target,
            string.Create(CultureInfo.InvariantCulture, $"{ratio.AsRatio()} ({Statistics.Median(expected) / 1e3:0.00} ms expected, {Statistics.Median(taken) / 1e3:0.00} ms; {words})"),
            Math.Abs(ratio.Median - 1) <= Near, new { Microseconds = taken, expected });
    }

    /// <summary>Tunes a runner as an application does, with nothing known before.</summary>
    public static string Tune(LooseRunner runner, string path, BenchOptions options)
    {
        TuningResult tuned = runner.TuneAsync(TimeSpan.FromSeconds(options.Quick ? 5 : 30)).GetAwaiter().GetResult();
        File.Delete(path + TuningFile.Ending);
        return tuned.IsComplete ? "tuned" : "tuned in part";
    }

    private static IEnumerable<(string Name, string Path, string[] Inputs)> Catalog(BenchOptions options, string name, string[] inputs) =>
        options.Has(name) ? [(name, ModelCatalog.Get(name).Write(ModelCatalog.Folder), inputs)] : [];

    private static string[] Arguments(params string[] others) => [string.Create(CultureInfo.InvariantCulture, $"d{FreedModels.Batch}={Samples}"), .. others];

    private static Line Batch(string name, string path, string[] inputs, BenchOptions options)
    {
        File.Delete(path + TuningFile.Ending);
        (Func<LooseRunner> create, RequestInputs filled) = BenchWorkloads.Planned([path, .. inputs], new RunnerOptions());
        using LooseRunner runner = create();
        ExpectedTimes predicted = new(runner.Engine.Definition, runner.Engine.Shapes);
        string tuned = Tune(runner, path, options);
        using LooseCall call = runner.CreateCall(filled);
        RunFor(call, runner, options.Quick ? Block : Settling);
        (List<double> whole, List<double> divided) = Blocks(call, runner, options.Rounds(24));
        // The other way is tried once in a while.
        bool isDivided = divided.Count > whole.Count;
        List<double> taken = isDivided ? divided : whole;
        int[] dims = [.. runner.Engine.Shapes.Names.Select(symbol => filled.Dimensions.First(d => d.Name == symbol).Size)];
        Chosen chosen = Chosen.Of(runner.Engine, dims, isDivided);
        double expected = chosen.Expected(new ExpectedTimes(runner.Engine.Definition, runner.Engine.Shapes)), before = chosen.Expected(predicted);
        return Row(
            string.Create(CultureInfo.InvariantCulture, $"batch of {Samples}, after TuneAsync: {name}"), taken, [.. taken.Select(_ => expected)],
            string.Create(CultureInfo.InvariantCulture, $"{chosen.Words}, {tuned}; {before / 1e3:0.00} ms as predicted by the build"));
    }

    // The medians of blocks, of those calls that ran whole, and of those that were divided.
    private static (List<double> Whole, List<double> Divided) Blocks(LooseCall call, LooseRunner runner, int rounds)
    {
        List<double> whole = [], divided = [];
        for (int round = 0; round < rounds; round++)
        {
            (List<double> ranWhole, List<double> ranDivided) = RunFor(call, runner, Block);
            if (ranWhole.Count > ranDivided.Count)
                whole.Add(Statistics.Median(ranWhole));
            else
                divided.Add(Statistics.Median(ranDivided));
        }
        return (whole, divided);
    }

    // Three times at least.
    private static (List<double> Whole, List<double> Divided) RunFor(LooseCall call, LooseRunner runner, TimeSpan time)
    {
        List<double> whole = [], divided = [];
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time || whole.Count + divided.Count < 3)
        {
            long before = runner.Engine.Divider?.Divided ?? 0, began = Stopwatch.GetTimestamp();
            call.Run();
            double microseconds = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
            ((runner.Engine.Divider?.Divided ?? 0) > before ? divided : whole).Add(microseconds);
        }
        return (whole, divided);
    }

    /// <summary>How a batch runs now.</summary>
    /// <param name="Dims">The request's.</param>
    /// <param name="Symbol">The place of the batch among them.</param>
    /// <param name="Threads">Of each slice.</param>
    /// <param name="Sizes">Samples of each.</param>
    /// <param name="Words">The same in words.</param>
    private sealed record Chosen(int[] Dims, int Symbol, int[] Threads, int[] Sizes, string Words)
    {
        public static Chosen Of(RunnerEngine engine, int[] dims, bool isDivided)
        {
            int symbol = engine.Shapes.SymbolOf(engine.Definition.Batch!.Dimension);
            if (isDivided && engine.Divider!.Of(dims) is { } division)
                return new Chosen(dims, symbol, division.Threads, division.Samples, division.ToString());
            int threads = engine.Modes.Cores(engine.Modes.Last);
            return new Chosen(dims, symbol, [threads], [dims[symbol]], string.Create(CultureInfo.InvariantCulture, $"<{threads},{dims[symbol]}>"));
        }

        /// <summary>When the last slice is over, in microseconds: what the dynamic program minimises.</summary>
        public double Expected(ExpectedTimes times) => Threads.Zip(Sizes).Max(slice =>
        {
            int[] dims = [.. Dims];
            dims[Symbol] = slice.Second;
            return times.Of(dims).At(slice.First);
        });
    }
}
