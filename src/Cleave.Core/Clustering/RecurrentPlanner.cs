using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Core.Onnx.Recurrent;
using Cleave.Core.Passes;
using Cleave.Core.Schedule;

namespace Cleave.Core.Clustering;

/// <summary>
/// Plans a model for every core count, and recurrent models also taken apart: stacks of layers into time chunks on a <see cref="Wavefront"/>, bidirectional nodes into their directions. A model that
/// is taken apart has to be predicted to be faster by the same margin as any other split.
/// </summary>
internal sealed class RecurrentPlanner
{
    private static readonly int[] ChunkCounts = [4, 8, 16];

    // With so many for each lane, lanes wait a fifth of the time for the first and the last chunk; more are calls that do little.
    private const int MostChunksOfLane = 4;

    private const int MostLanes = 4;

    private readonly SizedGraph _graph;
    private readonly IReadOnlyDictionary<string, long> _sizes;
    private readonly CostModel _model;
    private readonly PlanOptions _options;

    private RecurrentPlanner(PlanGraph graph, IReadOnlyDictionary<string, long> sizes, CostModel model, PlanOptions options)
    {
        _graph = new SizedGraph(graph, sizes);
        _sizes = sizes;
        _model = model;
        _options = options;
    }

    /// <param name="graph">The model.</param>
    /// <param name="sizes">The sizes of its dimensions.</param>
    /// <param name="model">The device.</param>
    /// <param name="options">What is asked for.</param>
    public static BudgetTable Plan(PlanGraph graph, IReadOnlyDictionary<string, long> sizes, CostModel model, PlanOptions options) => new RecurrentPlanner(graph, sizes, model, options).Plan();

    private BudgetTable Plan()
    {
        BudgetTable table = Planner.Plan(_graph, _model, _options);
        if (_options.Mode == PlanMode.Whole || _options.Cores.Max() < 2 || _graph.KnownPart() < Planner.LeastKnown)
            return table;
        List<PlannedRun> stacks = [.. Stacks()];
        BudgetTable? directions = Directions();
        if (stacks.Count == 0 && directions is null)
            return table;
        BudgetRow[] rows = [.. table.Rows.Select((row, i) => Row(row, stacks, directions?.Rows[i].Chosen))];
        return table with { Rows = rows, Plans = [.. rows.Select(r => r.Chosen.Plan).Distinct()] };
    }

    private BudgetRow Row(BudgetRow row, List<PlannedRun> stacks, PlannedRun? directions)
    {
        List<PlannedRun> runs = [.. stacks.Where(r => r.Threads.Length <= row.Cores)];
        if (directions is { Rewritten: not null })
            runs.Add(directions);
        if (runs.Count == 0)
            return row;
        PlannedRun best = runs.OrderBy(r => r.Nanoseconds).First();
        double gain = (row.Whole.Nanoseconds / best.Nanoseconds) - 1;
        bool isTaken = _options.Mode == PlanMode.Split ? !row.Chosen.Plan.IsSplit || IsFaster(best, row) : IsFaster(best, row) && IsWorth(best, row);
        if (!isTaken)
            return row;
        string why = (_options.Mode == PlanMode.Split ? "asked for; " : "") + (gain + 1).ToString("0.00", CultureInfo.InvariantCulture) + "x one session of "
            + (row.Whole.Threads[0] == 1 ? "one thread" : row.Whole.Threads[0].ToString(CultureInfo.InvariantCulture) + " threads") + "; " + Words(best.Rewritten!.Splits);
        return row with { Chosen = best, Split = new FoundSplit(best.Nanoseconds, best.Threads, best.Plan.Segments.Count, best), Why = why };
    }

    // Taken apart, a model has more sessions and more nodes: what is as fast without stays as it is.
    private static bool IsFaster(PlannedRun best, BudgetRow row) => best.Nanoseconds < row.Chosen.Nanoseconds * (1 - Planner.LeastGain);

    private bool IsWorth(PlannedRun best, BudgetRow row) =>
        row.Fastest.Nanoseconds >= best.Nanoseconds * (1 + PlanOptions.Margin) && Planner.Pays(new GraphCost(_graph, _model), best.Nanoseconds);

    /// <summary>What was taken apart, for people.</summary>
    public static string Words(IReadOnlyList<RecurrentSplit> splits) => splits.Max(s => s.Chunks) is > 1 and var chunks
        ? string.Format(CultureInfo.InvariantCulture, "{0} recurrent layers in {1} time chunks", splits.Count, chunks)
        : string.Format(CultureInfo.InvariantCulture, splits.Count == 1 ? "a recurrent node in its two directions" : "{0} recurrent nodes in their two directions", splits.Count);

    private IEnumerable<PlannedRun> Stacks()
    {
        foreach (int chunks in ChunkCounts)
        {
            _options.Cancellation.ThrowIfCancellationRequested();
            IReadOnlyList<RecurrentSplit> splits = RecurrentCandidates.Stack(_graph.Graph, chunks);
            if (splits.Count == 0)
                continue;
            RewrittenGraph rewritten = RewrittenGraph.Of(_graph.Graph, _sizes, splits);
            PlanUnits units = PlanUnits.Of(rewritten.Graph.Graph);
            bool isReverse = RecurrentNode.Direction(_graph.Graph.Nodes[splits[0].Node]) == "reverse";
            if (Wavefront.Find(units, rewritten.Origins, isReverse) is not { } wavefront)
                continue;
            GraphCost cost = new(rewritten.Graph, _model);
            double[] times = units.Sums(cost.ByGroup(threads: 1));
            for (int lanes = 2; lanes <= Math.Min(MostLanes, Math.Min(splits.Count, wavefront.Layers)); lanes++)
            {
                if (chunks <= MostChunksOfLane * lanes)
                    yield return Run(units, cost, wavefront.Segments(times, lanes), lanes) with { Rewritten = rewritten };
            }
        }
    }

    private PlannedRun Run(PlanUnits units, GraphCost cost, IReadOnlyList<LaneSegment> segments, int lanes)
    {
        ExecutionPlan plan = PlanBuilder.Build(units, segments);
        double[] times = [.. plan.Segments.Select(s => cost.Segment(units.Graph.GroupsOf(s.Nodes), s.Writes, threads: 1))];
        return new PlannedRun(plan, [.. Enumerable.Repeat(1, lanes)], times, Simulator.Run(plan.Lanes, times, _model.Table.HandOff));
    }

    // Null where no node has two. Directions are lanes like any other part.
    private BudgetTable? Directions()
    {
        RecurrentSplit[] splits = [.. RecurrentCandidates.Of(_graph.Graph, chunks: 1).Where(s => RecurrentNode.Direction(_graph.Graph.Nodes[s.Node]) == "bidirectional")];
        if (splits.Length == 0)
            return null;
        RewrittenGraph rewritten = RewrittenGraph.Of(_graph.Graph, _sizes, splits);
        BudgetTable table = Planner.Plan(rewritten.Graph, _model, _options);
        return table with { Rows = [.. table.Rows.Select(r => r.Chosen.Plan.IsSplit ? r with { Chosen = r.Chosen with { Rewritten = rewritten } } : r)] };
    }
}
