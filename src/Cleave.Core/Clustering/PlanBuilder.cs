using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Cleave.Core.Passes;
using Cleave.Core.Schedule;

namespace Cleave.Core.Clustering;

/// <summary>Makes the plan of lanes that were cut into segments: what each segment takes and gives, and what lanes hand to each other.</summary>
internal sealed class PlanBuilder
{
    private readonly PlanUnits _units;
    private readonly PlanGraph _graph;
    private readonly IReadOnlyList<LaneSegment> _segments;
    // By unit: the first segment that makes it, and the others.
    private readonly int[] _firstOf;
    private readonly HashSet<int>?[] _othersOf;
    private readonly int[][] _nodes;
    // As they are found, and some more than once, until all are.
    private readonly List<string>[] _reads;
    private readonly List<string>[] _writes;

    [MethodImpl(JustInTime.Optimized)]
    private PlanBuilder(PlanUnits units, IReadOnlyList<LaneSegment> segments)
    {
        _units = units;
        _graph = units.Graph;
        _segments = segments;
        _reads = [.. segments.Select(_ => new List<string>())];
        _writes = [.. segments.Select(_ => new List<string>())];
        int[] place = new int[_graph.Nodes.Count];
        for (int i = 0; i < place.Length; i++)
            place[_graph.Facts.Order[i]] = i;
        _nodes = [.. segments.Select(s => Nodes(s, place))];
        _firstOf = Array.ConvertAll(units.Groups, _ => -1);
        _othersOf = new HashSet<int>?[units.Groups.Length];
        for (int i = 0; i < segments.Count; i++)
        {
            foreach (int unit in segments[i].Tasks)
            {
                if (_firstOf[unit] < 0)
                    _firstOf[unit] = i;
                else
                    (_othersOf[unit] ??= []).Add(i);
            }
        }
    }

    /// <param name="units">The model.</param>
    /// <param name="segments">Segments of all lanes, each after those it reads from; every unit is in one, cloned ones in each that reads them.</param>
    public static ExecutionPlan Build(PlanUnits units, IReadOnlyList<LaneSegment> segments) => new PlanBuilder(units, segments).Build();

    /// <summary>The plan of one segment: everything that runs.</summary>
    public static ExecutionPlan Whole(PlanUnits units) => Build(units, [new LaneSegment(0, [.. Enumerable.Range(0, units.Tasks.Count)])]);

    private ExecutionPlan Build()
    {
        for (int segment = 0; segment < _segments.Count; segment++)
            FindReads(segment);
        foreach (string output in _graph.Outputs)
            AddOutput(output);
        string[][] reads = Array.ConvertAll(_reads, SortedOnce), writes = Array.ConvertAll(_writes, SortedOnce);
        int[] times = Times();
        PlanSegment[] segments = [.. _nodes.Select((nodes, i) => new PlanSegment(_units.Names.Of(nodes), nodes, reads[i], writes[i])
        {
            Cloned = Cloned(nodes, times),
        })];
        int lanes = _segments.Max(s => s.Lane) + 1;
        List<Statement>[] statements = Statements(lanes, reads);
        return new ExecutionPlan(segments, [.. _units.Names.OfLanes(segments, statements).Select((name, lane) => new PlanLane(name, statements[lane]))]);
    }

    // By node: how many segments have it.
    [MethodImpl(JustInTime.Optimized)]
    private int[] Times()
    {
        int[] times = new int[_graph.Nodes.Count];
        foreach (int[] nodes in _nodes)
        {
            foreach (int node in nodes)
                times[node]++;
        }
        return times;
    }

    private static int[] Cloned(int[] nodes, int[] times)
    {
        int[] cloned = Array.FindAll(nodes, n => times[n] > 1);
        Array.Sort(cloned);
        return cloned;
    }

    [MethodImpl(JustInTime.Optimized)]
    private int[] Nodes(LaneSegment segment, int[] place)
    {
        List<int> nodes = [];
        foreach (int unit in segment.Tasks)
        {
            foreach (int group in _units.Groups[unit])
                nodes.AddRange(_graph.Groups[group].Nodes);
        }
        int[] sorted = [.. nodes];
        Array.Sort(Array.ConvertAll(sorted, n => place[n]), sorted);
        return sorted;
    }

    [MethodImpl(JustInTime.Optimized)]
    private static string[] SortedOnce(List<string> values)
    {
        values.Sort(StringComparer.Ordinal);
        int count = 0;
        for (int i = 0; i < values.Count; i++)
        {
            if (count == 0 || values[count - 1] != values[i])
                values[count++] = values[i];
        }
        return [.. values.GetRange(0, count)];
    }

    [MethodImpl(JustInTime.Optimized)]
    private void FindReads(int segment)
    {
        foreach (int node in _nodes[segment])
        {
            foreach (string read in _graph.Index.Reads(node))
            {
                int writer = Writer(read, segment);
                if (writer == segment || (writer < 0 && !_graph.Index.IsInput(read)))
                    continue;
                _reads[segment].Add(read);
                if (writer >= 0)
                    _writes[writer].Add(read);
            }
        }
    }

    // The segment from which another has a value: itself where it makes it. -1: no segment makes it.
    private int Writer(string value, int reader)
    {
        int producer = _graph.Index.Producer(value);
        if (producer < 0 || _units.UnitOf[producer] < 0)
            return -1;
        int unit = _units.UnitOf[producer];
        return _othersOf[unit] is { } others && others.Contains(reader) ? reader : _firstOf[unit];
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

    [MethodImpl(JustInTime.Optimized)]
    private List<Statement>[] Statements(int lanes, string[][] reads)
    {
        List<Statement>[] statements = [.. Enumerable.Range(0, lanes).Select(_ => new List<Statement>())];
        HashSet<string>[] received = [.. Enumerable.Range(0, lanes).Select(_ => new HashSet<string>(StringComparer.Ordinal))];
        List<Exchange>[] receivedFrom = [.. _segments.Select(_ => new List<Exchange>())], sentTo = [.. _segments.Select(_ => new List<Exchange>())];
        for (int segment = 0; segment < _segments.Count; segment++)
        {
            int lane = _segments[segment].Lane;
            foreach (string read in reads[segment])
            {
                int writer = Writer(read, segment);
                if (writer < 0 || _segments[writer].Lane == lane || !received[lane].Add(read))
                    continue;
                Add(receivedFrom[segment], _segments[writer].Lane, read);
                Add(sentTo[writer], lane, read);
            }
        }
        for (int segment = 0; segment < _segments.Count; segment++)
        {
            List<Statement> lane = statements[_segments[segment].Lane];
            foreach (Exchange exchange in InOrder(receivedFrom[segment]))
                lane.Add(new Statement.Receive([.. exchange.Values], exchange.Lane));
            lane.Add(new Statement.Run(segment));
            foreach (Exchange exchange in InOrder(sentTo[segment]))
                lane.Add(new Statement.Send(SortedOnce(exchange.Values), exchange.Lane));
        }
        return statements;
    }

    private static void Add(List<Exchange> exchanges, int lane, string value)
    {
        foreach (Exchange exchange in exchanges)
        {
            if (exchange.Lane == lane)
            {
                exchange.Values.Add(value);
                return;
            }
        }
        exchanges.Add(new Exchange(lane, [value]));
    }

    private static List<Exchange> InOrder(List<Exchange> exchanges)
    {
        if (exchanges.Count > 1)
            exchanges.Sort(static (a, b) => a.Lane.CompareTo(b.Lane));
        return exchanges;
    }

    // What a segment gets from a lane, or gives it.
    private sealed class Exchange(int lane, List<string> values)
    {
        public int Lane => lane;

        public List<string> Values => values;
    }
}
