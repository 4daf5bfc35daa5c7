using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Threading.Tasks;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Graph;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Cores;
using Cleave.Engines;
using Cleave.Generated;
using Cleave.Generator.Model;
using Cleave.Ledger;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Loose;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Batches;

/// <summary>
/// Reconfigurations under load: batches of two sizes come in turns, whose divisions want different sessions of several threads, more than five together. So each time the
/// runner is opened anew, with other sessions, beside the requests. On eight virtual cores, whatever the machine has, and with times that make these divisions the best.
/// </summary>
internal static class ExchangedSessions
{
    private const int Cores = 8;
    private const int Exchanges = 20;

    private static readonly int[] Threads = [1, 2, 4, 8];
    private static readonly int[] Sizes = [16, 4];
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // Of 16 samples, halves are fast with four threads; of four, single ones with two.
    private static readonly PredictedTime[] Times =
    [
        Time(1, 30000, 10000, 30000, 90000), Time(2, 60000, 40000, 30000, 90000), Time(4, 90000, 80000, 70000, 90000), Time(8, 180000, 90000, 10000, 90000),
        Time(16, 360000, 200000, 90000, 90000),
    ];

    public static async Task<Line> Measure(string name)
    {
        string path = ModelCatalog.Get(name).Write(ModelCatalog.Folder);
        OnnxModel model = ModelReader.ReadFile(path);
        RequestInputs[] inputs = [.. Sizes.Select(size => RequestInputs.For(model, Dims(size), new Dictionary<string, string>()))];
        float[] sums = [.. Sizes.Select(size => Changes.SumOf(BenchWorkloads.Planned([path, string.Create(CultureInfo.InvariantCulture, $"dbatch={size}")], new RunnerOptions())))];
        await using LooseRunner runner = Create(path, model);
        LooseRequest[] requests = [.. inputs.Select(runner.NewRequest)];
        UnderLoad load = new(runner, clients: 1) { Request = requests[0] };
        await load.During(() => Task.Delay(Steady));
        double usual = UnderLoad.Percentile99(await load.During(() => Task.Delay(Steady)));
        int exchanges = 0, sizes = 0;
        List<int> thick = [];
        // Each answer must be of the batch that is asked for, or, at first, of the one before.
        LoadAnswer[] answers = await load.During(async () =>
        {
            for (long start = Stopwatch.GetTimestamp(); exchanges < Exchanges && Stopwatch.GetElapsedTime(start) < Patience * Exchanges;)
            {
                RunnerEngine before = runner.Engine;
                load.Request = requests[++sizes % requests.Length];
                for (long turn = Stopwatch.GetTimestamp(); runner.Engine == before && Stopwatch.GetElapsedTime(turn) < Patience;)
                    await Task.Delay(1);
                // Where it has measured that dividing does not pay here, there is nothing to exchange any more.
                if (runner.Engine == before)
                    break;
                exchanges++;
                thick.Add(Thick(runner.Engine));
            }
        });
        int changes = Changed([.. answers.Select(a => Changes.Nearest(sums, a.Sum))]);
        return Changes.Judge(
            string.Create(CultureInfo.InvariantCulture, $"{exchanges} of {Exchanges} exchanges of the sessions under load, 1 client, {Cores} virtual cores, batches of 16 and 4 in turns, at most {thick.DefaultIfEmpty().Max()} sessions of several threads after each: {name}"),
            usual, load.Lost, Math.Max(0, Math.Max(changes - sizes, sizes - 1 - changes)), answers) is var line && exchanges == Exchanges ? line : line with { Verdict = Verdict.Missed };
    }

    // Other sizes come as often as they are asked for, or once less where none of the first size was answered; otherwise, an answer came in the wrong order.
    private static int Changed(int[] sizes) => sizes.Zip(sizes.Skip(1)).Count(static pair => pair.First != pair.Second);

    private static int Thick(RunnerEngine engine) => Enumerable.Range(0, engine.Modes.Count).SelectMany(engine.Modes.Instances).Concat(engine.Modes.ForParts).Count(static m => m.Cores > 1);

    private static LooseRunner Create(string path, OnnxModel model)
    {
        RunnerSpec spec = LooseDefinition.SpecOf(path, model, new ListingOptions { Dims = "batch=16" });
        ModelDefinition planned = LooseDefinition.Of(spec);
        Plan whole = planned.Budgets.First(static b => !b.Plan.IsSplit).Plan;
        long elements = spec.Times[0].Elements;
        ModelDefinition definition = new(
            ModelDefinition.ContractServed, planned.Name, planned.Path, planned.Hash, planned.Inputs, planned.Outputs, [.. Threads.Select(t => new Budget(t, whole, t))])
        {
            Batch = planned.Batch,
            PlannedSizes = planned.PlannedSizes,
            Times = new PredictedTimes(Threads, [.. Times.Select(t => new PredictedTime(elements, t.Samples, t.Microseconds))]),
        };
        CoreLedger ledger = new(new CoreCount(() => new CoreBudget(Cores, "virtual cores", null), TimeProvider.System), TimeProvider.System);
        return new LooseRunner(path, spec, definition, new RunnerOptions { Cores = Cores, Ledger = ledger, Batching = BatchingOptions.Off });
    }

    private static Dictionary<string, string> Dims(int size) => new() { ["batch"] = size.ToString(CultureInfo.InvariantCulture) };

    private static PredictedTime Time(int samples, params double[] microseconds) => new(1, samples, microseconds);
}
