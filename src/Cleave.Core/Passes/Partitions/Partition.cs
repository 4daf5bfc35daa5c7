using System;
using System.Collections.Generic;
using Cleave.Core.Schedule;

namespace Cleave.Core.Passes.Partitions;

/// <summary>
/// A model in segments: each node that runs is in exactly one (in a plan, cloned ones in several), and each segment stands after those
/// it reads from.
/// </summary>
internal sealed record Partition(IReadOnlyList<PlanSegment> Segments)
{
    /// <summary>The values that one segment writes and another reads, each once, with the segment that writes it.</summary>
    public IEnumerable<(string Value, int Writer)> CutValues()
    {
        HashSet<string> read = new(StringComparer.Ordinal), seen = new(StringComparer.Ordinal);
        foreach (PlanSegment segment in Segments)
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
