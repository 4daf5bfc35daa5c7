using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.TestKit.Synthetic;
using Cleave.Tool.Benching;
using Cleave.Tool.Measuring;
using Google.Protobuf;
using BenchOptions = Cleave.Benchmarks.Harness.BenchOptions;

namespace Cleave.Benchmarks.Ensembles;

/// <summary>Eight small perceptrons, one request: the ensemble's runner against one session after the other; beside it, what two threads of one's own gain.</summary>
internal sealed class SmallModels : IFamily
{
    private const int Members = 8;
    private const string OneThread = "1 thread";
    private const string ByHand = "two halves by hand";

    private static readonly (int Layers, int Width)[] Sizes = [(8, 256), (8, 64)];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach ((int layers, int width) in Sizes)
        {
            string[] paths = Write(layers, width);
            OrtConfiguration[] configurations = [.. OrtConfiguration.List([.. Enumerable.Range(1, BenchRun.Cores)], [1]).Where(c => !c.Parallel)];
            string one = configurations.First(c => c.Threads == 1).Name;
            Candidate[] candidates =
            [
                .. configurations.Select(c => EnsembleCandidates.OfSessions(c.Name, c, paths)),
                EnsembleCandidates.OfRunner(callers: 1, CombinationRule.Mean, width, paths),
                EnsembleCandidates.InTwoHalves(ByHand, paths),
            ];
            Samples samples = Interleaved.Measure(candidates, options.Settings);
            string best = samples.Blocks.Keys.Where(k => k is not (EnsembleCandidates.Ours or ByHand)).MinBy(samples.Median)!;
            foreach ((string against, string words) in new[] { (best, "the best thread count"), (one, OneThread) })
            {
                Interval gain = samples.Ratio(against, EnsembleCandidates.Ours);
                yield return Line.Of(
                    string.Create(CultureInfo.InvariantCulture, $"{Members} perceptrons of {layers} layers of {width}, one request, against one by one with {words}"), ">= 1.8x",
                    string.Create(CultureInfo.InvariantCulture, $"{gain.AsRatio()} ({samples.Median(against) / 1e3:0.0} and {samples.Median(EnsembleCandidates.Ours) / 1e3:0.0} µs; {against}; {ByHand} {samples.Ratio(against, ByHand).AsRatio()})"),
                    gain.Gains(1.8), samples);
            }
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static string[] Write(int layers, int width)
    {
        string folder = Directory.CreateDirectory(Path.Combine(ModelCatalog.Folder, "ensembles", string.Create(CultureInfo.InvariantCulture, $"mlp_{layers}x{width}"))).FullName;
        return [.. Enumerable.Range(0, Members).Select(i =>
        {
            string path = Path.Combine(folder, "m" + i + ".onnx");
            File.WriteAllBytes(path, Towers.One(layers, width).ToByteArray());
            return path;
        })];
    }
}
