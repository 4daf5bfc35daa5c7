using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Clustering;
using Cleave.Core.Cost;
using Cleave.Core.Schedule;

namespace Cleave.Core.Placement;

/// <summary>
/// Makes lanes of a placement: units that follow each other on a processor become one segment, up to where another processor needs what they have made. Lanes keep the order
/// of the placement's starts, so none can wait for ever.
/// </summary>
internal sealed class PlacedRunBuilder
{
    private readonly PlanUnits _units;
    private readonly SizedGraph _graph;
    private readonly GraphCost _cost;
    private readonly AcceleratorProfile _accelerator;
    private readonly PlacementProblem _problem;

    private PlacedRunBuilder(PlanUnits units, SizedGraph graph, CostModel cpu, AcceleratorProfile accelerator, PlacementProblem problem)
    {
        _units = units;
        _graph = graph;
        _cost = new GraphCost(graph, cpu);
        _accelerator = accelerator;
        _problem = problem;
    }

    /// <param name="units">The model's units.</param>
    /// <param name="graph">The model at dimensions.</param>
    /// <param name="cpu">The CPU.</param>
    /// <param name="accelerator">The accelerator.</param>
    /// <param name="problem">What was placed.</param>
    /// <param name="plan">How.</param>
    /// <returns>Null where everything is on the CPU.</returns>
    public static PlacedRun? Build(PlanUnits units, SizedGraph graph, CostModel cpu, AcceleratorProfile accelerator, PlacementProblem problem, PlacementPlan plan) =>
        plan.Chosen.IsHostOnly(problem) ? null : new PlacedRunBuilder(units, graph, cpu, accelerator, problem).Build(plan);

    private PlacedRun Build(PlacementPlan plan)
    {
        int[] laneOf = Lanes(plan.Chosen, out int device);
        int[] budget = [.. Enumerable.Repeat(1, device + 1)];
        // Where lanes are cut does not depend on times.
        LaneTasks tasks = new(_units.Tasks, _ => new double[_units.Groups.Length], call: _ => 0, handOff: 0);
        IReadOnlyList<LaneSegment> cut = new LaneWalk(tasks, plan.Chosen.Order).Segments(laneOf, budget);
        ExecutionPlan lanes = PlanBuilder.Build(_units, cut);
        PlacedSegment[] segments = [.. lanes.Segments.Select((s, i) => cut[i].Lane == device ? OnDevice(s) : OnCpu(s))];
        HashSet<string> values = new(lanes.Segments.Where((_, i) => segments[i].IsOnDevice).SelectMany(s => s.Reads.Concat(s.Writes)), StringComparer.Ordinal);
        return new PlacedRun(lanes, device, budget, segments, values.Sum(v => (long)_graph.Bytes(v)), plan);
    }

    // The caller's lane is the first, also where it has nothing to do.
    private int[] Lanes(PlacementSchedule schedule, out int device)
    {
        int[] numbers = new int[_problem.Processors.Count];
        int next = 0;
        for (int processor = 0; processor < numbers.Length; processor++)
        {
            numbers[processor] = next;
            if (_problem.Processors[processor].IsHost && Array.IndexOf(schedule.Place, processor) >= 0)
                next++;
        }
        device = Math.Max(1, next);
        int launches = device;
        return Array.ConvertAll(schedule.Place, p => _problem.Processors[p].IsHost ? numbers[p] : launches);
    }

    private PlacedSegment OnCpu(PlanSegment segment) => new(false, _cost.Segment(_graph.Graph.GroupsOf(segment.Nodes), segment.Writes, threads: 1), 0, 0);

    private PlacedSegment OnDevice(PlanSegment segment)
    {
        double time = _graph.Graph.GroupsOf(segment.Nodes).Sum(g => AcceleratorCost.Time(_accelerator, _cost.Work(g)));
        HashSet<string> weights = new(segment.Nodes.SelectMany(n => _graph.Graph.Nodes[n].Inputs).Where(v => v.Length > 0 && _graph.IsConstant(v)), StringComparer.Ordinal);
        long arranged = segment.Nodes.Sum(n => (long)CudnnWeights.Bytes(_graph, _graph.Graph.Nodes[n]));
        return new PlacedSegment(true, time, weights.Sum(w => (long)_graph.Bytes(w)) + arranged, Workspace(segment));
    }

    // The most that is live at once of what the segment keeps to itself, each value from its node to its last reader, and what a node needs while it runs.
    private long Workspace(PlanSegment segment)
    {
        HashSet<string> outside = new(segment.Writes.Concat(segment.Reads), StringComparer.Ordinal);
        Dictionary<string, int> last = new(StringComparer.Ordinal);
        for (int i = 0; i < segment.Nodes.Length; i++)
        {
            foreach (string read in _graph.Graph.Index.Reads(segment.Nodes[i]))
                last[read] = i;
        }
        double live = 0, most = 0;
        ILookup<int, string> ends = last.Where(l => !outside.Contains(l.Key) && !_graph.IsConstant(l.Key)).ToLookup(l => l.Value, l => l.Key);
        for (int i = 0; i < segment.Nodes.Length; i++)
        {
            live += _graph.Graph.Nodes[segment.Nodes[i]].Outputs.Where(o => o.Length > 0 && last.ContainsKey(o) && !outside.Contains(o)).Sum(_graph.Bytes);
            most = Math.Max(most, live + AcceleratorCost.Workspace(_cost.Work(_graph.Graph.GroupOf[segment.Nodes[i]])));
            live -= ends[i].Sum(_graph.Bytes);
        }
        return (long)most;
    }
}
