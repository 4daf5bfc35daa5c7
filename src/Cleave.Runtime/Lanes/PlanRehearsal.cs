using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Generated;

namespace Cleave.Lanes;

/// <summary>
/// Goes through a plan's statements as the lanes would, running nothing. As waiting for a value is all that a lane can wait
/// for, one order that runs through shows that every order does.
/// </summary>
internal sealed class PlanRehearsal
{
    private readonly PlanOutline _outline;
    private readonly int[] _at;
    private readonly HashSet<int>[] _atHand;
    private readonly int[] _senderOf;

    public PlanRehearsal(PlanOutline outline)
    {
        _outline = outline;
        _at = new int[outline.Lanes.Length];
        _atHand = Array.ConvertAll(outline.Lanes, static _ => new HashSet<int>());
        _senderOf = new int[outline.Results.Length];
        Array.Fill(_senderOf, -1);
    }

    /// <exception cref="CleaveException">A segment does not find what it reads, or a lane waits for ever (CLV4010).</exception>
    public void Play()
    {
        bool moved = true;
        while (moved)
        {
            moved = false;
            for (int lane = 0; lane < _at.Length; lane++)
            {
                while (_at[lane] < _outline.Lanes[lane].Length && Step(lane, _outline.Lanes[lane][_at[lane]]))
                {
                    _at[lane]++;
                    moved = true;
                }
            }
        }
        int[] waiting = [.. Enumerable.Range(0, _at.Length).Where(l => _at[l] < _outline.Lanes[l].Length)];
        if (waiting.Length > 0)
            throw WaitForEver(waiting);
    }

    private bool Step(int lane, Statement statement)
    {
        switch (statement.Kind)
        {
            case StatementKind.Run:
                RunSegment(lane, statement.Index);
                return true;
            case StatementKind.Send:
                SendValue(lane, statement);
                return true;
            default:
                if (_senderOf[statement.Index] < 0)
                    return false;
                _atHand[lane].Add(statement.Index);
                return true;
        }
    }

    private void RunSegment(int lane, int segment)
    {
        foreach (int source in _outline.Reads[segment])
        {
            if (source >= 0 && !_atHand[lane].Contains(source))
            {
                throw _outline.Broken(_outline.LaneName(lane) + " runs the segment '" + _outline.Plan.Segments[segment].Name
                    + "' before it has made or received the value '" + _outline.Results[source].Name + "'");
            }
        }
        _atHand[lane].UnionWith(_outline.Writes[segment]);
    }

    private void SendValue(int lane, Statement statement)
    {
        if (!_atHand[lane].Contains(statement.Index))
            throw _outline.Broken(_outline.LaneName(lane) + " has " + statement + " before it has made that value");
        if (_senderOf[statement.Index] >= 0)
            throw _outline.Broken("the value '" + _outline.Results[statement.Index].Name + "' is sent twice");
        _senderOf[statement.Index] = lane;
    }

    private CleaveException WaitForEver(int[] waiting)
    {
        foreach (int lane in waiting)
        {
            Statement at = _outline.Lanes[lane][_at[lane]];
            if (!_outline.Lanes.Any(l => l.Any(s => s.Kind == StatementKind.Send && s.Index == at.Index)))
                return _outline.Broken(_outline.LaneName(lane) + " waits for the value '" + ((Value)at.Subject).Name + "', which no lane sends");
        }
        return _outline.Broken("lanes wait for each other: " + string.Join(", ", waiting.Select(l =>
            _outline.LaneName(l) + " for '" + ((Value)_outline.Lanes[l][_at[l]].Subject).Name + "'")));
    }
}
