using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Schedule;

/// <summary>Predicts how lanes run: each carries out its statements in order, a Send never waits, a Receive does.</summary>
internal sealed class Simulator
{
    private readonly IReadOnlyList<PlanLane> _lanes;
    private readonly IReadOnlyList<double> _segments;
    private readonly double _handOff;
    private readonly LaneState[] _states;
    private readonly Queue<int> _ready;
    private readonly Dictionary<(string Value, int To), (double At, Step? By)> _sent = [];
    private readonly HashSet<(string Value, int To)> _waiting = [];
    private readonly List<Step> _steps = [];

    private Simulator(IReadOnlyList<PlanLane> lanes, IReadOnlyList<double> segments, double handOff)
    {
        _lanes = lanes;
        _segments = segments;
        _handOff = handOff;
        _states = [.. lanes.Select((_, i) => new LaneState(i))];
        _ready = new(Enumerable.Range(0, lanes.Count));
    }

    /// <param name="lanes">What each lane does.</param>
    /// <param name="segments">Nanoseconds of each segment on its lane, the call included.</param>
    /// <param name="handOff">Nanoseconds from a Send until the other lane has the value.</param>
    /// <exception cref="ArgumentException">Lanes wait for each other, or for what nobody sends; the message names lane and value.</exception>
    public static Prediction Run(IReadOnlyList<PlanLane> lanes, IReadOnlyList<double> segments, double handOff) => new Simulator(lanes, segments, handOff).Run();

    private Prediction Run()
    {
        while (_ready.Count > 0)
        {
            LaneState lane = _states[_ready.Dequeue()];
            IReadOnlyList<Statement> statements = _lanes[lane.Number].Statements;
            while (lane.Next < statements.Count && Advance(lane, statements[lane.Next]))
                lane.Next++;
        }
        if (Array.Find(_states, s => s.Next < _lanes[s.Number].Statements.Count) is { } stuck)
        {
            PlanLane lane = _lanes[stuck.Number];
            throw new ArgumentException("the lane '" + lane.Name + "' waits for ever for '" + ((Statement.Receive)lane.Statements[stuck.Next]).Values[0] + "'");
        }
        return Predict();
    }

    // False where the lane waits.
    private bool Advance(LaneState lane, Statement statement)
    {
        switch (statement)
        {
            case Statement.Send send:
                Send(lane, send);
                return true;
            case Statement.Receive receive:
                return Receive(lane, receive);
            case Statement.Run run:
                Step step = new(new SegmentRun(run.Segment, lane.Number, lane.Clock, lane.Clock + _segments[run.Segment]), lane.Cause);
                _steps.Add(step);
                lane.Clock = step.Run.End;
                lane.Cause = step;
                return true;
            default:
                throw new ArgumentException("no statement of lanes: " + statement);
        }
    }

    private void Send(LaneState lane, Statement.Send send)
    {
        foreach (string value in send.Values)
        {
            _sent[(value, send.To)] = (lane.Clock + _handOff, lane.Cause);
            if (_waiting.Remove((value, send.To)))
                _ready.Enqueue(send.To);
        }
    }

    private bool Receive(LaneState lane, Statement.Receive receive)
    {
        foreach (string value in receive.Values)
        {
            if (!_sent.ContainsKey((value, lane.Number)))
            {
                _waiting.Add((value, lane.Number));
                return false;
            }
        }
        foreach (string value in receive.Values)
        {
            (double at, Step? by) = _sent[(value, lane.Number)];
            if (at > lane.Clock)
            {
                lane.Clock = at;
                lane.Cause = by;
            }
        }
        return true;
    }

    private Prediction Predict()
    {
        LaneState? last = null;
        foreach (LaneState lane in _states)
        {
            if (last is null || lane.Clock > last.Clock)
                last = lane;
        }
        List<SegmentRun> path = [];
        for (Step? step = last?.Cause; step != null; step = step.After)
            path.Add(step.Run);
        path.Reverse();
        return new Prediction(last?.Clock ?? 0, [.. _steps.Select(s => s.Run).OrderBy(r => r.Start).ThenBy(r => r.Lane)], path);
    }

    private sealed class LaneState(int number)
    {
        public int Number => number;

        public int Next { get; set; }

        public double Clock { get; set; }

        // What it last ran or waited for: what its clock stands at because of.
        public Step? Cause { get; set; }
    }

    private sealed record Step(SegmentRun Run, Step? After);
}
