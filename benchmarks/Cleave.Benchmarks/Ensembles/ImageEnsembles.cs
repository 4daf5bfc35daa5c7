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
    private const string Defaults = "defaults";
    private const double Limit = 1 / 0.97;

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
        int cores = BenchRun.Cores;
        Candidate[] candidates =
        [
            EnsembleCandidates.OfSessions(Defaults, new OrtConfiguration(0, Spinning.On, Parallel: false, 1), paths),
            .. Configurations().Select(c => EnsembleCandidates.OfSessions(NameOf(c), c, paths)),
            EnsembleCandidates.OfRunner(cores, CombinationRule.Custom, Classes, paths),
        ];
        // Blocks of as many images as fit: all of them together make 256.
        MeasureSettings settings = options.Quick ? MeasureSettings.Trial : new MeasureSettings { Rounds = 8, LeastCalls = Images / 8, MostCalls = Images / 8 };
        (Samples samples, Interval ratio, bool holds) = Claims.NoLoss(() => Interleaved.Measure(candidates, settings), s => Throughput(s, EnsembleCandidates.Ours, Best(s)), Limit);
        string best = Best(samples);
        Interval gain = Throughput(samples, Defaults, EnsembleCandidates.Ours);
        yield return Line.Of("five image classifiers, 256 images: throughput against members one after the other with ONNX Runtime's defaults", ">= 1.2x", gain.AsRatio(), gain.Gains(1.2), samples);
        yield return Line.Of("… against the best static threads and callers", ">= 0.97x",
            string.Create(CultureInfo.InvariantCulture, $"{Throughput(samples, best, EnsembleCandidates.Ours).AsRatio()} ({best}; {1 / ratio.Median:0.000}x)"), holds, best);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => EnsembleCandidates.CreateWorkload(name, arguments);

    // Time of a request, divided by how many run at once.
    private static Interval Throughput(Samples samples, string first, string second) => samples.Ratio(first, second).Over((double)CallersOf(first) / CallersOf(second));

    private static int CallersOf(string candidate) => candidate == EnsembleCandidates.Ours ? BenchRun.Cores
        : candidate == Defaults ? 1
        : Configurations().First(c => NameOf(c) == candidate).Callers;

    private static IEnumerable<OrtConfiguration> Configurations() =>
        OrtConfiguration.List([1, .. Enumerable.Range(2, BenchRun.Cores - 1)], [1, BenchRun.Cores]).Where(c => !c.Parallel);

    private static string NameOf(OrtConfiguration configuration) =>
        string.Create(CultureInfo.InvariantCulture, $"{configuration.Name}, {configuration.Callers} at once");

    private static string Best(Samples samples) =>
        samples.Blocks.Keys.Where(k => k is not EnsembleCandidates.Ours).MinBy(k => samples.Median(k) / CallersOf(k))!;

    private static string[] Cleaned() => [.. Names.Select(name =>
    {
        string published = ModelCatalog.Get(name).Write(ModelCatalog.Folder);
        using ByteSource source = ByteSource.OpenFile(published);
        string folder = Directory.CreateDirectory(Path.Combine(ModelCatalog.Folder, "ensembles", name)).FullName;
        return CleanedModel.Write(published, ModelReader.ReadFile(published), source, folder).Path ?? published;
    })];
}
