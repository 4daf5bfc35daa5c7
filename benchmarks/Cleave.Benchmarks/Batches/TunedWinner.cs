using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Clusters;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Listing;
using Cleave.Core.Onnx;
using Cleave.Core.Tuning;
using Cleave.Generated;
using Cleave.Generator.Model;
using Cleave.Plans;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Loose;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;
using Cleave.Tuning;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;

namespace Cleave.Benchmarks.Batches;

/// <summary>What <c>TuneAsync</c> finds in 30 s, under one core and under two, against the best of a full sweep: every way to run the model, each in a process of its own.</summary>
internal sealed class TunedWinner : IFamily
{
    private const double Limit = 1.02;
    private const string Target = "<= 1.02x";

    // The calls of a block: those of Inception-v3 last a tenth of a second and more.
    private static readonly (string Name, int Calls)[] Models = [("two_tower_8x256", 50), ("lstm_bidirectional", 50), ("inception_v3", 6), ("bert_4x384", 50)];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach ((string name, int calls) in Models.Where(m => options.Has(m.Name)))
        {
            CatalogModel model = ModelCatalog.Get(name);
            string path = model.Write(ModelCatalog.Folder);
            foreach (int cores in new[] { 1, 2 })
            {
                string what = string.Create(CultureInfo.InvariantCulture, $"TuneAsync, {name}, {cores} {(cores == 1 ? "core" : "cores")}: the winner against the best of a full sweep");
                yield return cores > Contest.Cores ? Line.NotMeasured(what, Target, "there is one core") : Winner(what, model, path, cores, options, options.Quick ? options.Settings : options.Settings with { LeastCalls = calls });
            }
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments)
    {
        if (name != "tuned-way")
            return null;
        (RunnerSpec spec, RequestInputs inputs) = Read(arguments[0], ModelCatalog.Get(arguments[1]));
        int cores = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        ModelDefinition definition = LooseDefinition.Of(spec);
        ChosenPlan way = Ways(definition, cores).Single(w => Words(w) == arguments[3]);
        LooseRunner runner = new(arguments[0], spec, definition.Only(new Budget(1, way.Plan, way.Threads)), new RunnerOptions { Cores = cores, Deterministic = true });
        LooseCall call = runner.CreateCall(inputs);
        return new Callers([() => call.Run()], runner);
    }

    private static Line Winner(string what, CatalogModel model, string path, int cores, BenchOptions options, MeasureSettings settings)
    {
        // Nothing that an earlier run found.
        File.Delete(path + TuningFile.Ending);
        (RunnerSpec spec, RequestInputs inputs) = Read(path, model);
        TuningRequest tuned;
        IReadOnlyList<ChosenPlan> ways;
        using (LooseRunner runner = new(path, spec, new RunnerOptions { Cores = cores }))
        {
            tuned = runner.TuneAsync(TimeSpan.FromSeconds(options.Quick ? 5 : 30), [runner.NewRequest(inputs)]).GetAwaiter().GetResult().Requests.Single();
            ways = Ways(runner.Engine.Definition, cores);
        }
        File.Delete(path + TuningFile.Ending);
        string count = cores.ToString(CultureInfo.InvariantCulture);
        Samples sweep = Interleaved.Measure([.. ways.Select(w => new Candidate(Words(w), "tuned-way", path, model.Name, count, Words(w)))], settings);
        string best = sweep.Blocks.Keys.MinBy(sweep.Median)!;
        Interval ratio = sweep.Ratio(tuned.Best.Mode, best);
        return Line.Of(what, Target, string.Create(CultureInfo.InvariantCulture, $"{ratio.AsRatio()} ({tuned.Best.Mode}, the best is {best}; tuned: {tuned})"), ratio.StaysWithin(Limit), sweep);
    }

    private static IReadOnlyList<ChosenPlan> Ways(ModelDefinition definition, int cores) => TuningCandidates.Of(definition, new RunnerOptions(), cores, canSplit: true);

    private static string Words(ChosenPlan way) => new TunedTime(way.Plan.Name, way.Threads, 1, 1).Words;

    private static (RunnerSpec Spec, RequestInputs Inputs) Read(string path, CatalogModel model)
    {
        Core.Graph.OnnxModel read = ModelReader.ReadFile(path);
        Tool.Benching.BenchOptions inputs = Contest.Inputs(model);
        string dims = string.Join(",", inputs.Dims.Select(d => d.Key + "=" + d.Value));
        return (LooseDefinition.SpecOf(path, read, new ListingOptions { Dims = dims }), RequestInputs.For(read, inputs.Dims, inputs.Fills));
    }
}
