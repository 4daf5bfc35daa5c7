using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Benchmarks.Harness;
using Cleave.Core.Cost;
using Cleave.TestKit.Catalog;
using Cleave.Tool.Measuring;
using Cleave.Tool.Running;

namespace Cleave.Benchmarks.Graph.Costs;

/// <summary>
/// Which of two plans of a model is faster: random partitions run serially, batches (by sample), one thread and two. Of models whose calls take milliseconds, so that all are compared
/// often in a few minutes; every pair that differs counts, whatever was predicted.
/// </summary>
internal sealed class PlanOrder : IFamily
{
    private const string What = "of two plans that differ by more than 5 %, the faster one is known";
    private const string Target = ">= 200 pairs, half with equal threads, >= 90% right, and more than by the rule \"more threads win\"";
    private const double Margin = 1.05;
    private const int FewestPairs = 200;
    private const double LeastRight = 0.9;

    private static readonly string[] Models =
    [
        "bert_tiny", "bert_tiny_qdq", "detector", "experts_16x2x128", "lstm_bidirectional", "nasnet_small", "qdq_cnn", "residual", "siamese", "two_tower_6x512", "two_tower_8x256", "ultraface_slim_320", "light_squeezenet_random", "light_shufflenet_random",
    ];

    // 0 is the whole model.
    private static readonly int[] Seeds = [0, 1, 2, 3];

    // Of the whole model, beside the batches of its samples.
    private static readonly long[] Batches = [1, 2, 4, 8];

    public IEnumerable<Line> Measure(BenchOptions options)
    {
        int[] threads = Environment.ProcessorCount > 1 ? [1, 2] : [1];
        CostPlan[] plans =
        [
            .. ModelCatalog.All.Where(m => Array.IndexOf(Models, m.Name) >= 0 && options.Has(m.Name) && (!options.Quick || m.Name == "siamese"))
                .SelectMany(m => threads.SelectMany(t => Plans(m, t))),
        ];
        CostModel device = CostLab.Shared.Device(options);
        IReadOnlyDictionary<CostPlan, double> measured = CostLab.Shared.Measure(plans, options);
        List<Pair> pairs = [];
        foreach (IGrouping<string, CostPlan> model in plans.GroupBy(p => p.Model))
        {
            using ModelUnderTest graph = new(ModelCatalog.Get(model.Key).Write(ModelCatalog.Folder));
            pairs.AddRange(Pairs([.. model.Select(p => new Timed(p, measured[p] / p.Batch, p.Predict(graph.Graph, device) / p.Batch))]));
        }
        int equal = pairs.Count(p => p.EqualThreads);
        double right = pairs.Count == 0 ? 0 : pairs.Count(p => p.IsRight) / (double)pairs.Count;
        // With equal threads the rule can only guess.
        double byRule = pairs.Count == 0 ? 0 : pairs.Sum(p => p.EqualThreads ? 0.5 : p.MoreThreadsWon ? 1 : 0) / pairs.Count;
        double rightOfEqual = pairs.Where(p => p.EqualThreads).Select(p => p.IsRight ? 1.0 : 0).DefaultIfEmpty(0).Average();
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{pairs.Count} pairs, {equal} with equal threads: {right:0.0%} right ({rightOfEqual:0.0%} of those with equal threads); by \"more threads win\" {byRule:0.0%}");
        bool held = pairs.Count >= FewestPairs && equal * 2 >= pairs.Count && right >= LeastRight && right > byRule;
        yield return Line.Of(What, Target, text, held, pairs);
    }

    public IWorkload? CreateWorkload(string name, string[] arguments) => null;

    private static IEnumerable<CostPlan> Plans(CatalogModel model, int threads)
    {
        IEnumerable<CostPlan> partitions = Seeds.Select(seed => new CostPlan(model.Name, model.Samples[0].Text, threads, seed));
        IEnumerable<CostPlan> batches = model.BatchDim is { } dim
            ? Batches.Select(b => new CostPlan(model.Name, model.Samples[0].With(dim, b).Text, threads, 0))
            : [];
        return partitions.Concat(batches).Distinct();
    }

    // Of equal dimensions and threads each with each, and of other threads those of one partition or of neighbours, so that at most half have other threads; of two batches those of equal
    // partition and threads.
    private static IEnumerable<Pair> Pairs(Timed[] plans)
    {
        for (int i = 0; i < plans.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                (Timed a, Timed b) = (plans[i], plans[j]);
                bool equalThreads = a.Plan.Threads == b.Plan.Threads;
                bool comparable = a.Plan.Dims == b.Plan.Dims ? equalThreads || Math.Abs(a.Plan.Seed - b.Plan.Seed) <= 1 : equalThreads && a.Plan.Seed == b.Plan.Seed && a.Plan.Batch != b.Plan.Batch;
                if (comparable && Math.Max(a.Measured, b.Measured) > Margin * Math.Min(a.Measured, b.Measured))
                    yield return new Pair(a, b);
            }
        }
    }

    private sealed record Timed(CostPlan Plan, double Measured, double Predicted);

    private sealed record Pair(Timed A, Timed B)
    {
        public bool EqualThreads => A.Plan.Threads == B.Plan.Threads;

        public bool IsRight => (A.Measured < B.Measured) == (A.Predicted < B.Predicted);

        public bool MoreThreadsWon => (A.Measured < B.Measured) == (A.Plan.Threads > B.Plan.Threads);
    }
}
