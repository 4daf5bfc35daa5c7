using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;

namespace Cleave.Benchmarks.Clusters;

/// <summary>
/// All models at hand: the plan that Auto chooses against the best set-up of ONNX Runtime. The whole list is measured in a few rounds; its
/// fastest two and ours then in all of them.
/// </summary>
internal sealed class AutoPlans : IFamily
{
    private const string Target = ">= 0.97x as fast as the best set-up";
    private const double Limit = 1 / 0.97;
    private const int FewRounds = 6;
    // A block of fifty calls of a large model would take seconds.
    private const int FewCalls = 5;
    // Enough to tell which set-ups are the fastest; what is claimed is measured with the whole one.
    private static readonly TimeSpan ShortWarmUp = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Block = TimeSpan.FromMilliseconds(60);

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        foreach (CatalogModel model in ModelCatalog.All.Where(m => options.Has(m.Name) && (!options.Quick || !m.IsBig)))
            yield return Attempt.At("the plan that Auto chooses: " + model.Name, () => Measure(model, options));
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => Contest.CreateWorkload(name, arguments);

    private static Line Measure(CatalogModel model, BenchOptions options)
    {
        MeasureSettings settings = options.Quick ? options.Settings : options.Settings with { LeastCalls = FewCalls, LeastTime = Block };
        IReadOnlyList<Candidate> all = Contest.Candidates(model, model.Write(ModelCatalog.Folder));
        Samples few = Interleaved.Measure(all, settings with { Rounds = options.Rounds(FewRounds), Extension = 1, WarmUp = options.Quick ? TimeSpan.Zero : ShortWarmUp });
        HashSet<string> kept = [.. few.Blocks.Keys.Where(k => k != Contest.Ours).OrderBy(few.Median).Take(2), Contest.Ours];
        Candidate[] candidates = [.. all.Where(c => kept.Contains(c.Name))];
        (Samples samples, Interval ratio, bool holds) = Claims.NoLoss(
            () => Interleaved.Measure(candidates, settings), s => s.Ratio(Contest.Ours, Contest.Best(s)), Limit);
        string best = Contest.Best(samples);
        Interval gain = samples.Ratio(best, Contest.Ours);
        return Line.Of($"the plan that Auto chooses: {model.Name} {model.Samples[0]}".TrimEnd(), Target, string.Create(CultureInfo.InvariantCulture,
            $"{gain.AsRatio()} ({samples.Median(best) / 1e3:0.0} us with {best}, {samples.Median(Contest.Ours) / 1e3:0.0} us)"), holds, samples);
    }
}
