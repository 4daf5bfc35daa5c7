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
    // A difference smaller than this is worth neither more threads nor a plan of its own.
    private const double LeastGain = 0.02;

    private readonly PlanUnits _units;
    private readonly GraphCost _cost;
    private readonly DeviceTable _device;
    private readonly PlanOptions _options;
    private readonly Dictionary<string, ExecutionPlan> _plans = new(StringComparer.Ordinal);
    private readonly Dictionary<int, PlannedRun> _whole = [];
    private readonly List<LaneAssignment> _found = [];

    private Planner(SizedGraph graph, CostModel model, PlanOptions options)
    {
        _units = PlanUnits.Of(graph.Graph);
        _cost = new GraphCost(graph, model);
        _device = model.Table;
        _options = options;
    }

    /// <param name="graph">The model at dimensions.</param>
    /// <param name="model">The device.</param>
    /// <param name="options">What is asked for.</param>
    public static BudgetTable Plan(SizedGraph graph, CostModel model, PlanOptions options) => new Planner(graph, model, options).Plan();

    private BudgetTable Plan()
    {
        LaneTasks tasks = new(_units.Tasks, threads => _units.Sums(_cost.ByGroup(threads)), _device.Call, _device.HandOff);
        LaneSearch search = new(tasks.WithClones(_units.MayBeCloned()));
        List<BudgetRow> rows = [];
        foreach (int cores in _options.Cores)
            rows.Add(Row(cores, search, rows.LastOrDefault()));
        return new BudgetTable(_units.Tasks.Count, search.Paths, search.Clusters, rows, [.. rows.Select(r => r.Chosen.Plan).Distinct()]);
    }

    private BudgetRow Row(int cores, LaneSearch search, BudgetRow? before)
    {
        PlannedRun whole = BestWhole(cores);
        if (_options.Mode == PlanMode.Whole)
            return new BudgetRow(cores, whole, whole, null, "asked for");
        if (cores == 1)
            return new BudgetRow(cores, whole, whole, null, "one core");
        PlannedRun? split = BestSplit(cores, search, before);
        if (split is null)
            return new BudgetRow(cores, whole, whole, null, "nothing in it can run side by side");
        string gain = Comparison(whole, split);
        if (_options.Mode == PlanMode.Split)
            return new BudgetRow(cores, split, whole, split, "asked for; " + gain);
        return whole.Nanoseconds > split.Nanoseconds * (1 + PlanOptions.Margin)
            ? new BudgetRow(cores, split, whole, split, gain)
            : new BudgetRow(cores, whole, whole, split, gain + (split.Nanoseconds < whole.Nanoseconds
                ? ", less than the margin of " + Percent(PlanOptions.Margin) : ""));
    }

    private PlannedRun BestWhole(int cores)
    {
        PlannedRun best = Whole(1);
        for (int threads = 2; threads <= cores; threads = threads < cores ? Math.Min(threads * 2, cores) : cores + 1)
        {
            PlannedRun more = Whole(threads);
            if (more.Nanoseconds < best.Nanoseconds * (1 - LeastGain))
                best = more;
        }
        return best;
    }

    private PlannedRun Whole(int threads)
    {
        if (!_whole.TryGetValue(threads, out PlannedRun? run))
            _whole.Add(threads, run = Run(PlanBuilder.Whole(_units), [threads]));
        return run;
    }

    // Fewer cores' split does as well where no better one is found.
    private PlannedRun? BestSplit(int cores, LaneSearch search, BudgetRow? before)
    {
        if (search.Best(cores, _found) is not { } found)
            return before?.Split;
        _found.Add(found);
        PlannedRun split = Run(PlanBuilder.Build(_units, search.Segments(found)), found.Threads);
        return before?.Split is { } earlier && earlier.Nanoseconds * (1 - LeastGain) <= split.Nanoseconds ? earlier : split;
    }

    private PlannedRun Run(ExecutionPlan plan, int[] threads)
    {
        if (_plans.TryGetValue(plan.Key, out ExecutionPlan? known))
            plan = known;
        else
            _plans.Add(plan.Key, plan);
        double[] segments = new double[plan.Segments.Count];
        for (int lane = 0; lane < threads.Length; lane++)
        {
            foreach (Statement.Run run in plan.Lanes[lane].Statements.OfType<Statement.Run>())
                segments[run.Segment] = _cost.Segment(Groups(plan.Segments[run.Segment]), plan.Segments[run.Segment].Writes, threads[lane]);
        }
        return new PlannedRun(plan, threads, segments, Simulator.Run(plan.Lanes, segments, _device.HandOff));
    }

    private int[] Groups(PlanSegment segment)
    {
        int[] groups = [.. segment.Nodes.Select(n => _units.Graph.GroupOf[n]).Distinct()];
        Array.Sort(groups);
        return groups;
    }

    private static string Comparison(PlannedRun whole, PlannedRun split)
    {
        string session = "one session of " + (whole.Threads[0] == 1 ? "one thread" : Text(whole.Threads[0]) + " threads");
        double gain = (whole.Nanoseconds / split.Nanoseconds) - 1;
        return gain >= PlanOptions.Margin ? (gain + 1).ToString("0.00", CultureInfo.InvariantCulture) + "x " + session
            : gain >= 0 ? "a split gains " + Percent(gain) + " over " + session
            : "a split takes " + Percent((split.Nanoseconds / whole.Nanoseconds) - 1) + " longer than " + session;
    }

    private static string Percent(double part) => (part * 100).ToString("0", CultureInfo.InvariantCulture) + " %";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
