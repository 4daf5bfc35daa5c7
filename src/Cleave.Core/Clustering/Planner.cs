using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Core.Schedule;

namespace Cleave.Core.Clustering;

/// <summary>Plans a model for every core count: one session for all of it, or lanes, whichever is predicted to be faster.</summary>
internal sealed class Planner
{
    // A difference smaller than this is not worth a plan of its own, nor a device.
    public const double LeastGain = 0.02;

    // What more threads gain in small operators is known worst, and they cost the CPU time of others.
    private const double LeastThreadGain = 0.1;

    // A split that is first found to be so much slower than the whole does not get faster by being improved.
    private const double Hopeless = 1.25;

    // With less known of a model, a prediction is a guess: then the whole model gets every core, as ONNX Runtime would do it.
    public const double LeastKnown = 0.9;

    private const int MostThreads = 16;

    // Each segment is a session: with thousands, creating them takes minutes, and each run finds them cold (5,000 small nodes in 2,158
    // segments took eight times as long as the whole).
    private const int MostSegments = 100;

    // Moving paths from lane to lane may join segments, but not so many.
    private const int MostSegmentsAtFirst = 2 * MostSegments;

    private readonly bool _isKnown;
    private readonly PlanUnits _units;
    private readonly GraphCost _cost;
    private readonly DeviceTable _device;
    private readonly PlanOptions _options;
    private readonly LaneTasks _tasks;
    private readonly ExecutionPlan _wholePlan;
    private readonly Dictionary<string, ExecutionPlan> _plans = new(StringComparer.Ordinal);
    private readonly Dictionary<int, PlannedRun> _whole = [];
    private readonly List<LaneAssignment> _found = [];

    private Planner(SizedGraph graph, CostModel model, PlanOptions options)
    {
        _isKnown = graph.KnownPart() >= LeastKnown;
        _units = PlanUnits.Of(graph.Graph);
        _cost = new GraphCost(graph, model);
        _device = model.Table;
        _options = options;
        _tasks = new LaneTasks(_units.Tasks, threads => _units.Sums(_cost.ByGroup(threads)), _device.Call, _device.HandOff);
        _wholePlan = PlanBuilder.Whole(_units);
    }

    /// <param name="graph">The model at dimensions.</param>
    /// <param name="model">The device.</param>
    /// <param name="options">What is asked for.</param>
    public static BudgetTable Plan(SizedGraph graph, CostModel model, PlanOptions options) => new Planner(graph, model, options).Plan();

    private BudgetTable Plan()
    {
        LaneSearch search = new(_tasks.WithClones(_units.MayBeCloned()));
        List<BudgetRow> rows = [];
        foreach (int cores in _options.Cores)
        {
            _options.Cancellation.ThrowIfCancellationRequested();
            rows.Add(Row(cores, search, rows.LastOrDefault()) with { Fastest = Fastest(cores) });
        }
        return new BudgetTable(_units.Tasks.Count, search.Paths, search.Clusters, rows, [.. rows.Select(r => r.Chosen.Plan).Distinct()]);
    }

    private BudgetRow Row(int cores, LaneSearch search, BudgetRow? before)
    {
        PlannedRun whole = BestWhole(cores);
        if (_options.Mode == PlanMode.Whole)
            return new BudgetRow(cores, whole, whole, null, "asked for");
        if (!_isKnown && _options.Mode == PlanMode.Auto)
            return new BudgetRow(cores, whole, whole, null, "the sizes of too many values are not known");
        if (cores == 1)
            return new BudgetRow(cores, whole, whole, null, "one core");
        FoundSplit? split = BestSplit(cores, search, whole, before);
        if (split is null)
            return new BudgetRow(cores, whole, whole, null, "nothing in it can run side by side");
        string gain = Comparison(whole, split);
        if (_options.Mode == PlanMode.Split)
            return new BudgetRow(cores, split.Run!, whole, split, "asked for; " + gain);
        double enough = split.Nanoseconds * (1 + PlanOptions.Margin);
        if (Fastest(cores) is { } fastest && fastest.Nanoseconds <= enough)
            return new BudgetRow(cores, whole, whole, split, Comparison(whole.Nanoseconds <= enough ? whole : fastest, split) + (split.Nanoseconds < whole.Nanoseconds ? ", less than the margin of " + Percent(PlanOptions.Margin) : ""));
        if (!Pays(_cost, split.Nanoseconds))
            return new BudgetRow(cores, whole, whole, split, gain + ", but less than " + Times(PlanOptions.LeastOfLarge) + " one thread, for which such weights are in memory once more");
        return split.Run is { } run
            ? new BudgetRow(cores, run, whole, split, gain)
            : new BudgetRow(cores, whole, whole, split, gain + (split.Segments > MostSegments
                ? ", but takes " + NumberText.Of(split.Segments) + " sessions" : ", but its segments do less than they cost"));
    }

    /// <summary>Whether a split that takes so long is worth that one thread has the weights once more.</summary>
    public static bool Pays(GraphCost cost, double nanoseconds) =>
        cost.WeightBytes < PlanOptions.LargeWeights || cost.Whole(1) >= PlanOptions.LeastOfLarge * nanoseconds;

    // Each doubling gains less than the one before: there is no need to look further than the first that gains little.
    private PlannedRun BestWhole(int cores)
    {
        if (!_isKnown)
            return Whole(Math.Min(cores, MostThreads));
        PlannedRun best = Whole(1);
        for (int threads = 2; threads <= cores; threads = threads < cores ? Math.Min(threads * 2, cores) : cores + 1)
        {
            PlannedRun more = Whole(threads);
            if (more.Nanoseconds < best.Nanoseconds * (1 - LeastThreadGain))
                best = more;
            else if (threads > 2)
                break;
        }
        return best;
    }

    // A session that was passed over for a few threads less is nevertheless there to be compared with.
    private PlannedRun Fastest(int cores) => _whole.Values.Where(run => run.Threads[0] <= cores).OrderBy(static run => run.Nanoseconds).First();

    private PlannedRun Whole(int threads)
    {
        if (!_whole.TryGetValue(threads, out PlannedRun? run))
        {
            double[] segments = [_device.Call(threads) + _tasks.Times(threads).Sum()];
            _whole.Add(threads, run = new PlannedRun(_wholePlan, [threads], segments, Simulator.Run(_wholePlan.Lanes, segments, _device.HandOff)));
        }
        return run;
    }

    // Fewer cores' split does as well where no better one is found.
    private FoundSplit? BestSplit(int cores, LaneSearch search, PlannedRun whole, BudgetRow? before)
    {
        bool forced = _options.Mode == PlanMode.Split;
        LaneRequest request = forced
            ? new LaneRequest(cores, whole.Threads[0])
            : new LaneRequest(cores, whole.Threads[0], whole.Nanoseconds * Hopeless, MostSegmentsAtFirst);
        if (search.Best(request, _found) is not { } found)
            return before?.Split;
        _found.Add(found);
        PlannedRun? run = null;
        if (forced || (request.IsWorth(found) && found.Segments <= MostSegments))
        {
            IReadOnlyList<LaneSegment> segments = search.Segments(found);
            if (forced || !IsFine(segments, found.Threads))
                run = Run(segments, found);
        }
        FoundSplit split = new(run?.Nanoseconds ?? found.Makespan, found.Threads, found.Segments, run);
        return before?.Split is { } earlier && Keeps(earlier, split) ? earlier : split;
    }

    // What cannot run is reckoned without what its parts cost, and is no reason against what can.
    private static bool Keeps(FoundSplit earlier, FoundSplit split) =>
        earlier.Run is null == split.Run is null ? earlier.Nanoseconds * (1 - LeastGain) <= split.Nanoseconds : earlier.Run != null;

    // Where overhead is most of the time, a prediction says little.
    private bool IsFine(IReadOnlyList<LaneSegment> segments, int[] threads)
    {
        double work = 0, overhead = 0;
        foreach (LaneSegment segment in segments)
        {
            double[] times = _tasks.Times(threads[segment.Lane]);
            foreach (int task in segment.Tasks)
                work += times[task];
            overhead += _device.Call(threads[segment.Lane]) + _device.HandOff;
        }
        return work < overhead;
    }

    private PlannedRun Run(IReadOnlyList<LaneSegment> segments, LaneAssignment lanes)
    {
        ExecutionPlan plan = PlanBuilder.Build(_units, segments);
        if (_plans.TryGetValue(plan.Key, out ExecutionPlan? known))
            plan = known;
        else
            _plans.Add(plan.Key, plan);
        double[] times = [.. segments.Select((s, i) => _cost.Segment(_units.Graph.GroupsOf(plan.Segments[i].Nodes), plan.Segments[i].Writes, lanes.Threads[s.Lane]))];
        return new PlannedRun(plan, lanes.Threads, times, Simulator.Run(plan.Lanes, times, _device.HandOff));
    }

    private static string Comparison(PlannedRun whole, FoundSplit split)
    {
        string session = "one session of " + (whole.Threads[0] == 1 ? "one thread" : NumberText.Of(whole.Threads[0]) + " threads");
        double gain = (whole.Nanoseconds / split.Nanoseconds) - 1;
        return gain >= PlanOptions.Margin ? Times(gain + 1) + " " + session
            : gain >= 0 ? "a split gains " + Percent(gain) + " over " + session
            : "a split takes " + Percent((split.Nanoseconds / whole.Nanoseconds) - 1) + " longer than " + session;
    }

    private static string Times(double factor) => factor.ToString("0.00", CultureInfo.InvariantCulture) + "x";

    private static string Percent(double part) => (part * 100).ToString("0", CultureInfo.InvariantCulture) + " %";
}
