using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Onnx;
using Cleave.TestKit;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;

namespace Cleave.Benchmarks.Ensembles;

/// <summary>Five image classifiers with random weights on this machine, 256 images: throughput of the ensemble's runner against sessions of ONNX Runtime.</summary>
internal sealed class ImageEnsembles : IFamily
{
    private const int Images = 256;
    private const int Classes = 1000;
    private const int Rounds = 8;
    private const string Defaults = "defaults";
    private const string Piloted = "each by its best static threads and callers";
    private const string Thin = "each by one thread, as many callers as cores";
    private const double Limit = 1 / 0.97;

    private static readonly MeasureSettings Pilot = new() { Rounds = 2, LeastCalls = 4, MostCalls = 4, WarmUp = TimeSpan.FromMilliseconds(200) };

    private static readonly string[] Names =
        ["light_squeezenet_random", "light_shufflenet_random", "light_inception_v2_random", "light_densenet121_random", "light_resnet50_random"];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        if (!Directory.Exists(SharedModels.Folder))
        {
            yield return Line.NotMeasured("an ensemble of five image classifiers", ">= 1.2x, >= 0.97x", "the shared models are absent");
            yield break;
        }
        string[] paths = Cleaned();
        (OrtConfiguration[] best, object tried) = BestOfEach(paths, options);
        // Whatever the few calls of the pilot say, this one is nearly always the best for throughput.
        OrtConfiguration[] thin = [.. paths.Select(static _ => new OrtConfiguration(1, Spinning.Off, Parallel: false, BenchRun.Cores))];
        (string Name, OrtConfiguration[] Each)[] statics = [(Piloted, best), (Thin, thin)];
        Candidate[] candidates =
        [
            EnsembleCandidates.OfSessions(Defaults, new OrtConfiguration(0, Spinning.On, Parallel: false, 1), paths),
            .. statics.Select(s => EnsembleCandidates.OfSessions(s.Name, s.Each, paths)),
            EnsembleCandidates.OfRunner(BenchRun.Cores, CombinationRule.Custom, Classes, paths),
        ];
        // Blocks of as many images as fit: all of them together make 256.
        MeasureSettings settings = options.Quick ? MeasureSettings.Trial : new MeasureSettings { Rounds = Rounds, LeastCalls = Images / Rounds, MostCalls = Images / Rounds };
        // The time of a request, divided by how many run at once.
        Interval Throughput(Samples s, string first, int callers) => s.Ratio(first, EnsembleCandidates.Ours).Over((double)callers / BenchRun.Cores);
        (string Name, OrtConfiguration[] Each) Best(Samples s) => statics.MinBy(one => s.Median(one.Name) / one.Each[0].Callers);
        (Samples samples, Interval ratio, bool holds) = Claims.NoLoss(
            () => Interleaved.Measure(candidates, settings), s => s.Ratio(EnsembleCandidates.Ours, Best(s).Name).Over((double)BenchRun.Cores / Best(s).Each[0].Callers), Limit);
        (string against, OrtConfiguration[] each) = Best(samples);
        Interval gain = Throughput(samples, Defaults, callers: 1);
        yield return Line.Of("five image classifiers, 256 images: throughput against members one after the other with ONNX Runtime's defaults", ">= 1.2x", gain.AsRatio(), gain.Gains(1.2), samples);
        yield return Line.Of("… against the best static threads and callers for each", ">= 0.97x",
            string.Create(CultureInfo.InvariantCulture, $"{Throughput(samples, against, each[0].Callers).AsRatio()} ({each[0].Callers} at once: {string.Join("; ", each.Select(static c => c.Name))}; {1 / ratio.Median:0.000}x)"),
            holds, tried);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => EnsembleCandidates.CreateWorkload(name, arguments);

    // A few calls of each member alone, by every configuration. Its batch is the model's own, which is fixed.
    private static (OrtConfiguration[] Best, object Tried) BestOfEach(string[] paths, BenchOptions options)
    {
        MeasureSettings settings = options.Quick ? MeasureSettings.Trial : Pilot;
        OrtConfiguration[] configurations =
            [.. OrtConfiguration.List([1, .. Enumerable.Range(2, BenchRun.Cores - 1)], [1, BenchRun.Cores]).Where(static c => !c.Parallel)];
        Dictionary<OrtConfiguration, double>[] times = [.. paths.Select(path =>
        {
            Samples samples = Interleaved.Measure([.. configurations.Select(c => EnsembleCandidates.OfSessions(NameOf(c), c, [path]))], settings);
            return configurations.ToDictionary(static c => c, c => samples.Median(NameOf(c)) / c.Callers);
        })];
        OrtConfiguration[] best = new[] { 1, BenchRun.Cores }.Distinct()
            .Select(callers => times.Select(t => configurations.Where(c => c.Callers == callers).MinBy(c => t[c])!).ToArray())
            .MinBy(chosen => chosen.Select((c, m) => times[m][c]).Sum())!;
        return (best, paths.Select((p, m) => new { member = Path.GetFileName(p), times = times[m].Select(t => new { configuration = NameOf(t.Key), nanoseconds = t.Value }) }));
    }

    private static string NameOf(OrtConfiguration configuration) =>
        string.Create(CultureInfo.InvariantCulture, $"{configuration.Name}, {configuration.Callers} at once");

    private static string[] Cleaned() => [.. Names.Select(name =>
    {
        string published = ModelCatalog.Get(name).Write(ModelCatalog.Folder);
        using ByteSource source = ByteSource.OpenFile(published);
        string folder = Directory.CreateDirectory(Path.Combine(ModelCatalog.Folder, "ensembles", name)).FullName;
        return CleanedModel.Write(published, ModelReader.ReadFile(published), source, folder).Path ?? published;
    })];
}
