using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Generated;

namespace Cleave.Lanes;

/// <summary>
/// A plan as it was read from its lane methods: who runs, sends and receives what. Immutable. Reading it proves that it runs
/// through: each segment runs once, finds what it reads, and no lane waits for ever.
/// </summary>
internal sealed class PlanOutline
{
    private readonly string _path;
    private readonly Dictionary<Value, int> _resultOf = new(ReferenceEqualityComparer.Instance);

    private PlanOutline(Plan plan, ModelDefinition definition)
    {
        Model = definition.Name;
        _path = definition.Path;
        Plan = plan;
        Outputs = definition.Outputs.Length;
        Results = NumberResults(definition);
        Reads = Array.ConvertAll(plan.Segments, s => Array.ConvertAll(s.Reads, v => Source(s, v, definition)));
        Writes = Array.ConvertAll(plan.Segments, s => Array.ConvertAll(s.Writes, v => _resultOf[v]));
        Readers = new int[Results.Length];
        foreach (int source in Reads.SelectMany(static r => r))
        {
            if (source >= 0)
                Readers[source]++;
        }
        Lanes = ReadLanes();
        LaneOf = PlaceSegments();
    }

    /// <summary>The model's name.</summary>
    public string Model { get; }

    public Plan Plan { get; }

    /// <summary>What segments write: the model's outputs in its order, then the values inside.</summary>
    public Value[] Results { get; }

    /// <summary>How many of them are the model's outputs.</summary>
    public int Outputs { get; }

    /// <summary>How many segments read each result.</summary>
    public int[] Readers { get; }

    /// <summary>What each segment reads: a result, or ~(the model's input).</summary>
    public int[][] Reads { get; }

    /// <summary>The results that each segment writes.</summary>
    public int[][] Writes { get; }

    /// <summary>The statements of each lane.</summary>
    public Statement[][] Lanes { get; }

    /// <summary>The lane of each segment.</summary>
    public int[] LaneOf { get; }

    /// <exception cref="CleaveException">The plan does not run through (CLV4010).</exception>
    public static PlanOutline Read(Plan plan, ModelDefinition definition)
    {
        PlanOutline outline = new(plan, definition);
        new PlanRehearsal(outline).Play();
        return outline;
    }

    public string LaneName(int lane) => Statement.LaneName(Plan, lane);

    public CleaveException Broken(string why, Exception? cause = null) => new(Rules.PlanBroken, cause, _path, Plan.Name, why);

    private Value[] NumberResults(ModelDefinition definition)
    {
        List<Value> results = [.. definition.Outputs];
        bool[] written = new bool[definition.Outputs.Length];
        foreach (Segment segment in Plan.Segments)
        {
            foreach (Value value in segment.Writes)
            {
                // The model's outputs go by their names: they are written once each.
                int output = Array.FindIndex(definition.Outputs, o => o.Name == value.Name);
                bool again = output >= 0 && written[output];
                if (again || !_resultOf.TryAdd(value, output >= 0 ? output : results.Count))
                    throw Broken("two segments write the value '" + value.Name + "'");
                if (output >= 0)
                    written[output] = true;
                else
                    results.Add(value);
            }
        }
        int missing = Array.IndexOf(written, false);
        if (missing >= 0)
            throw Broken("no segment writes the output '" + definition.Outputs[missing].Name + "'");
        return [.. results];
    }

    private int Source(Segment segment, Value value, ModelDefinition definition)
    {
        int input = Array.FindIndex(definition.Inputs, i => i.Name == value.Name);
        if (input >= 0)
            return ~input;
        return _resultOf.TryGetValue(value, out int result)
            ? result
            : throw Broken("the segment '" + segment.Name + "' reads the value '" + value.Name + "', which no segment writes");
    }

    private Statement[][] ReadLanes()
    {
        Statement[][] lanes = new Statement[Plan.Lanes.Length][];
        for (int i = 0; i < lanes.Length; i++)
        {
            int lane = i;
            lanes[i] = [.. LaneNotes.Of(Plan.Lanes[i]).Select(s => new Statement(s.Kind, s.Subject, IndexOf(lane, s.Kind, s.Subject)))];
        }
        return lanes;
    }

    private int IndexOf(int lane, StatementKind kind, object subject)
    {
        if (subject is Segment segment)
        {
            return Array.IndexOf(Plan.Segments, segment) is >= 0 and var index
                ? index
                : throw Broken(LaneName(lane) + " runs the segment '" + segment.Name + "', which is not one of the plan");
        }
        Value value = (Value)subject;
        return _resultOf.TryGetValue(value, out int result)
            ? result
            : throw Broken(LaneName(lane) + " has " + kind + "(" + value.Name + "), and no segment writes that value");
    }

    private int[] PlaceSegments()
    {
        int[] laneOf = new int[Plan.Segments.Length];
        Array.Fill(laneOf, -1);
        for (int lane = 0; lane < Lanes.Length; lane++)
        {
            foreach (Statement statement in Lanes[lane])
            {
                if (statement.Kind != StatementKind.Run)
                    continue;
                if (laneOf[statement.Index] >= 0)
                    throw Broken("the segment '" + Plan.Segments[statement.Index].Name + "' runs twice");
                laneOf[statement.Index] = lane;
            }
        }
        int missing = Array.IndexOf(laneOf, -1);
        if (missing >= 0)
            throw Broken("no lane runs the segment '" + Plan.Segments[missing].Name + "'");
        return laneOf;
    }
}
