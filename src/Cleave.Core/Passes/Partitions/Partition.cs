using System;
using System.Collections.Generic;

namespace Cleave.Core.Passes.Partitions;

/// <summary>A part of a model that runs in one session.</summary>
/// <param name="Nodes">Positions of its nodes, in the order of <see cref="Shapes.GraphFacts.Order"/>. Constant nodes are in no segment: each that reads one has its own.</param>
/// <param name="Reads">The values it takes, from the caller and from other segments; ordinal order.</param>
/// <param name="Writes">The values it gives: what other segments read, and outputs; ordinal order.</param>
internal sealed record SegmentNodes(int[] Nodes, string[] Reads, string[] Writes)
{
    /// <summary>Those of its nodes that other segments have, too.</summary>
    public int[] Cloned { get; init; } = [];
}

/// <summary>
/// A model in segments: each node that runs is in exactly one (in a plan, cloned ones in several), and each segment stands after those
/// it reads from.
/// </summary>
internal sealed record Partition(IReadOnlyList<SegmentNodes> Segments)
{
    /// <summary>The values that one segment writes and another reads, each once, with the segment that writes it.</summary>
    public IEnumerable<(string Value, int Writer)> CutValues()
    {
        HashSet<string> read = new(StringComparer.Ordinal), seen = new(StringComparer.Ordinal);
        foreach (SegmentNodes segment in Segments)
            read.UnionWith(segment.Reads);
        for (int i = 0; i < Segments.Count; i++)
        {
            foreach (string value in Segments[i].Writes)
            {
                // An input that is also an output is written, and read, but not cut.
                if (read.Contains(value) && Array.IndexOf(Segments[i].Reads, value) < 0 && seen.Add(value))
                    yield return (value, i);
            }
        }
    }
}
