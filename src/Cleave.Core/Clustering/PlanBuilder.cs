using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Passes;
using Cleave.Core.Schedule;

namespace Cleave.Core.Clustering;

/// <summary>Makes the plan of lanes that were cut into segments: what each segment takes and gives, and what lanes hand to each other.</summary>
internal sealed class PlanBuilder
{
    private readonly PlanUnits _units;
    private readonly PlanGraph _graph;
    private readonly IReadOnlyList<LaneSegment> _segments;
    private readonly Dictionary<(int Unit, int Lane), int> _segmentOf = [];
    private readonly Dictionary<int, int> _firstOf = [];
    private readonly int[][] _nodes;
    private readonly SortedSet<string>[] _reads;
    private readonly SortedSet<string>[] _writes;

    private PlanBuilder(PlanUnits units, IReadOnlyList<LaneSegment> segments)
    {
        _units = units;
        _graph = units.Graph;
        _segments = segments;
        _reads = [.. segments.Select(_ => new SortedSet<string>(StringComparer.Ordinal))];
        _writes = [.. segments.Select(_ => new SortedSet<string>(StringComparer.Ordinal))];
        int[] place = new int[_graph.Nodes.Count];
        for (int i = 0; i < place.Length; i++)
            place[_graph.Facts.Order[i]] = i;
        _nodes = [.. segments.Select(s => s.Tasks.SelectMany(t => units.Groups[t]).SelectMany(g => _graph.Groups[g].Nodes).OrderBy(n => place[n]).ToArray())];
        for (int i = 0; i < segments.Count; i++)
        {
            foreach (int unit in segments[i].Tasks)
            {
                _segmentOf[(unit, segments[i].Lane)] = i;
                if (!_firstOf.ContainsKey(unit))
                    _firstOf.Add(unit, i);
            }
        }
    }

    /// <param name="units">The model.</param>
    /// <param name="segments">Segments of all lanes, each after those it reads from; every unit is in one, cloned ones in one of each lane that reads them.</param>
    public static ExecutionPlan Build(PlanUnits units, IReadOnlyList<LaneSegment> segments) => new PlanBuilder(units, segments).Build();

    /// <summary>The plan of one segment: everything that runs.</summary>
    public static ExecutionPlan Whole(PlanUnits units) => Build(units, [new LaneSegment(0, [.. Enumerable.Range(0, units.Tasks.Count)])]);

    private ExecutionPlan Build()
    {
        for (int segment = 0; segment < _segments.Count; segment++)
            FindReads(segment);
        foreach (string output in _graph.Outputs)
            AddOutput(output);
        int[] times = new int[_graph.Nodes.Count];
        foreach (int node in _nodes.SelectMany(n => n))
            times[node]++;
        PlanSegment[] segments = [.. _nodes.Select((nodes, i) => new PlanSegment(SegmentNames.Of(_graph, nodes), nodes, [.. _reads[i]], [.. _writes[i]])
        {
            Cloned = [.. nodes.Where(n => times[n] > 1).OrderBy(n => n)],
        })];
        int lanes = _segments.Max(s => s.Lane) + 1;
        List<Statement>[] statements = Statements(lanes);
        return new ExecutionPlan(segments, [.. SegmentNames.OfLanes(_graph, segments, statements).Select((name, lane) => new PlanLane(name, statements[lane]))]);
    }

    private void FindReads(int segment)
    {
        foreach (int node in _nodes[segment])
        {
            foreach (string read in _graph.Index.Reads(node))
            {
                int writer = Writer(read, _segments[segment].Lane);
                if (writer == segment || (writer < 0 && !_graph.Index.IsInput(read)))
                    continue;
                _reads[segment].Add(read);
                if (writer >= 0)
                    _writes[writer].Add(read);
            }
        }
    }

    // The segment from which a lane has a value: its own where it makes it. -1: no segment makes it.
    private int Writer(string value, int lane)
    {
        int producer = _graph.Index.Producer(value);
        if (producer < 0 || _units.UnitOf[producer] < 0)
            return -1;
        int unit = _units.UnitOf[producer];
        return _segmentOf.TryGetValue((unit, lane), out int own) ? own : _firstOf[unit];
    }

    // Inputs and constants that are outputs are made nowhere: the first segment gives them.
    private void AddOutput(string output)
    {
        int producer = _graph.Index.Producer(output);
        int unit = producer < 0 ? -1 : _units.UnitOf[producer];
        _writes[unit < 0 ? 0 : _firstOf[unit]].Add(output);
        if (producer < 0 && _graph.Index.IsInput(output))
            _reads[0].Add(output);
    }

    private List<Statement>[] Statements(int lanes)
    {
        List<Statement>[] statements = [.. Enumerable.Range(0, lanes).Select(_ => new List<Statement>())];
        HashSet<(string Value, int Lane)> received = [];
        SortedDictionary<int, List<string>>[] receivedFrom = [.. _segments.Select(_ => new SortedDictionary<int, List<string>>())];
        SortedDictionary<int, List<string>>[] sentTo = [.. _segments.Select(_ => new SortedDictionary<int, List<string>>())];
        for (int segment = 0; segment < _segments.Count; segment++)
        {
            int lane = _segments[segment].Lane;
            foreach (string read in _reads[segment])
            {
                int writer = Writer(read, lane);
                if (writer < 0 || _segments[writer].Lane == lane || !received.Add((read, lane)))
                    continue;
                Add(receivedFrom[segment], _segments[writer].Lane, read);
                Add(sentTo[writer], lane, read);
            }
        }
        for (int segment = 0; segment < _segments.Count; segment++)
        {
            List<Statement> lane = statements[_segments[segment].Lane];
            lane.AddRange(receivedFrom[segment].Select(r => new Statement.Receive([.. r.Value], r.Key)));
            lane.Add(new Statement.Run(segment));
            lane.AddRange(sentTo[segment].Select(s => new Statement.Send([.. s.Value.OrderBy(v => v, StringComparer.Ordinal)], s.Key)));
        }
        return statements;

        static void Add(SortedDictionary<int, List<string>> byLane, int lane, string value)
        {
            if (!byLane.TryGetValue(lane, out List<string>? values))
                byLane.Add(lane, values = []);
            values.Add(value);
        }
    }
}
