using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Clusters;

/// <summary>Models with independent branches: the plan that Auto chooses against the best set-up of ONNX Runtime, and against one thread.</summary>
internal sealed class SplitGain : IFamily
{
    // Narrower intervals than those of the other families: a gain is claimed.
    private const int Rounds = 48;

    private static readonly (string Model, string What, double Best, double OneThread)[] All =
    [
        ("two_tower_8x256", "two towers of 8 layers x 256, batch 1", 1.5, 1.85),
        ("two_tower_6x512", "two towers of 6 layers x 512, batch 1", 1.2, 1.85),
        ("eight_tower_4x512", "eight towers of 4 x 512", 1.2, 1.8),
        ("experts_16x2x128", "16 experts of 2 x 128", 2.0, 2.0),
        ("lstm_bidirectional", "bidirectional LSTM, 2 layers x 256, as separate nodes", 1.05, 1.9),
    ];

    /// <summary>Their names in the catalogue.</summary>
    public static IEnumerable<string> Models => All.Select(r => r.Model);

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach ((string model, string what, double best, double oneThread) in All.Where(r => options.Has(r.Model)))
        {
            string targetOfBest = Target(best), targetOfOne = Target(oneThread);
            if (Contest.Cores < 2)
            {
                yield return Line.NotMeasured(what + ", against the best set-up", targetOfBest, "there is one core");
                continue;
            }
            CatalogModel catalog = ModelCatalog.Get(model);
            string path = catalog.Write(ModelCatalog.Folder);
            Samples samples = Interleaved.Measure([.. Contest.Candidates(catalog, path), Contest.ByHand(catalog, path)], options.Settings with { Rounds = options.Rounds(Rounds) });
            string fastest = Contest.Best(samples);
            Interval toBest = samples.Ratio(fastest, Contest.Ours), toOne = samples.Ratio(Contest.OneThread, Contest.Ours);
            yield return Line.Of(what + ", against the best set-up", targetOfBest, Text(toBest, samples, fastest), toBest.Gains(best), samples);
            yield return Line.Of(what + ", against one thread", targetOfOne, Text(toOne, samples, Contest.OneThread), toOne.Gains(oneThread), samples);
            yield return Line.Shown(what + ", the same lanes by hand, on threads that spin and do nothing else: what the cores give at best", string.Create(CultureInfo.InvariantCulture,
                $"{samples.Ratio(fastest, SplitByHand.Name).AsRatio()} and {samples.Ratio(Contest.OneThread, SplitByHand.Name).AsRatio()} ({samples.Median(SplitByHand.Name) / 1e3:0.0} us)"), samples);
        }
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => Contest.CreateWorkload(name, arguments);

    private static string Target(double gain) => string.Create(CultureInfo.InvariantCulture, $">= {gain}x as fast");

    private static string Text(Interval ratio, Samples samples, string other) => string.Create(CultureInfo.InvariantCulture,
        $"{ratio.AsRatio()} ({samples.Median(other) / 1e3:0.0} us with {other}, {samples.Median(Contest.Ours) / 1e3:0.0} us)");
}
