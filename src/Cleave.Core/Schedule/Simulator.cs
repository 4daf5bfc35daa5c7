using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Schedule;

/// <summary>Predicts how lanes run: each carries out its statements in order, a Send never waits, a Receive does.</summary>
internal static class Simulator
{
    /// <param name="lanes">What each lane does.</param>
    /// <param name="segments">Nanoseconds of each segment on its lane, the call included.</param>
    /// <param name="handOff">Nanoseconds from a Send until the other lane has the value.</param>
    /// <exception cref="ArgumentException">Lanes wait for each other, or for what nobody sends; the message names lane and value.</exception>
    public static Prediction Run(IReadOnlyList<PlanLane> lanes, IReadOnlyList<double> segments, double handOff)
    {
        LaneState[] states = [.. lanes.Select((_, i) => new LaneState(i))];
        Dictionary<(string Value, int To, int Sample), (double At, Step? By)> sent = [];
        Dictionary<(string Value, int To, int Sample), int> waiting = [];
        Queue<int> ready = new(Enumerable.Range(0, lanes.Count));
        List<Step> steps = [];
        while (ready.Count > 0)
        {
            LaneState lane = states[ready.Dequeue()];
            while (lane.Next < lanes[lane.Number].Statements.Count && Advance(lane, lanes[lane.Number].Statements[lane.Next]))
                lane.Next++;
        }
        LaneState? stuck = Array.Find(states, s => s.Next < lanes[s.Number].Statements.Count);
        if (stuck != null)
        {
            Statement.Receive receive = (Statement.Receive)lanes[stuck.Number].Statements[stuck.Next];
            throw new ArgumentException("the lane '" + lanes[stuck.Number].Name + "' waits for ever for '" + receive.Values[0] + "'", nameof(lanes));
        }
        return Predict(states, steps);

        bool Advance(LaneState lane, Statement statement)
        {
            switch (statement)
            {
                case Statement.Send send:
                    foreach (string value in send.Values)
                    {
                        sent[(value, send.To, send.Sample)] = (lane.Clock + handOff, lane.Cause);
                        if (waiting.TryGetValue((value, send.To, send.Sample), out int waiter))
                        {
                            waiting.Remove((value, send.To, send.Sample));
                            ready.Enqueue(waiter);
                        }
                    }
                    return true;
                case Statement.Receive receive:
                    return Receive(lane, receive);
                case Statement.Run run:
                    Step step = new(new SegmentRun(run.Segment, run.Sample, lane.Number, lane.Clock, lane.Clock + segments[run.Segment]), lane.Cause);
                    steps.Add(step);
                    lane.Clock = step.Run.End;
                    lane.Cause = step;
                    return true;
                default:
                    throw new ArgumentException("no statement of lanes: " + statement, nameof(lanes));
            }
        }

        bool Receive(LaneState lane, Statement.Receive receive)
        {
            foreach (string value in receive.Values)
            {
                if (!sent.ContainsKey((value, lane.Number, receive.Sample)))
                {
                    waiting[(value, lane.Number, receive.Sample)] = lane.Number;
                    return false;
                }
            }
            foreach (string value in receive.Values)
            {
                (double at, Step? by) = sent[(value, lane.Number, receive.Sample)];
                if (at > lane.Clock)
                {
                    lane.Clock = at;
                    lane.Cause = by;
                }
            }
            return true;
        }
    }

    private static Prediction Predict(LaneState[] lanes, List<Step> steps)
    {
        LaneState? last = null;
        foreach (LaneState lane in lanes)
        {
            if (last is null || lane.Clock > last.Clock)
                last = lane;
        }
        List<SegmentRun> path = [];
        for (Step? step = last?.Cause; step != null; step = step.After)
            path.Add(step.Run);
        path.Reverse();
        return new Prediction(last?.Clock ?? 0, [.. steps.Select(s => s.Run).OrderBy(r => r.Start).ThenBy(r => r.Lane)], path);
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
