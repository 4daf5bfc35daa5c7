using System;
using System.Collections.Generic;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;
using Cleave.Generated;

namespace Cleave.Sessions;

/// <summary>The nodes of a plan's segments, read once for all of them.</summary>
internal sealed class PlanNodes
{
    private readonly List<int>?[] _nodes;
    // By node: how many segments have it.
    private readonly int[] _times;

    /// <param name="plan">The plan.</param>
    /// <param name="count">The number of the model's nodes, as the plan counts them.</param>
    /// <exception cref="ModelException">A segment names what the model does not have.</exception>
    public PlanNodes(Plan plan, int count)
    {
        Plan = plan;
        _times = new int[count];
        _nodes = Array.ConvertAll(plan.Segments, s => Read(s, count));
        foreach (List<int>? nodes in _nodes)
        {
            foreach (int node in nodes ?? [])
                _times[node]++;
        }
    }

    public Plan Plan { get; }

    /// <summary>The nodes of a segment; null: all.</summary>
    public List<int>? Of(Segment segment) => _nodes[segment.Index];

    /// <summary>Those of its nodes that other segments have, too.</summary>
    public HashSet<int> Cloned(Segment segment)
    {
        HashSet<int> cloned = [];
        foreach (int node in Of(segment) ?? [])
        {
            if (_times[node] > 1)
                cloned.Add(node);
        }
        return cloned;
    }

    /// <summary>The nodes of a segment by itself; null: all.</summary>
    /// <exception cref="ModelException">It names what the model does not have.</exception>
    public static List<int>? Read(Segment segment, int count)
    {
        if (segment.IsWhole)
            return null;
        try
        {
            return NodeRanges.Read(segment.Nodes, count);
        }
        catch (FormatException e)
        {
            throw new ModelException(Rules.SegmentRefused, segment.Name, e.Message);
        }
    }
}
