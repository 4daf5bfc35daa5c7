using System;
using System.Collections.Generic;
using System.Linq;

namespace Cleave.Core.Schedule;

/// <summary>
/// Several independent samples over the lanes of one plan, so that a lane which waits for one sample works on another
/// (Das and Rauchwerger 2023, "hyperclustering"). Each lane takes segments in the plan's order and of each the samples in turn, which
/// no lane can wait for ever in: what a segment waits for stands before it in every lane.
/// </summary>
internal static class Hyperclusters
{
    /// <summary>What each lane does, of which sample.</summary>
    /// <param name="lanes">The statements of each lane.</param>
    /// <param name="segmentOf">The segment that a statement runs; -1 where it runs none.</param>
    /// <param name="isSend">Whether it hands something over.</param>
    /// <param name="samples">How many there are.</param>
    /// <param name="switched">
    /// Of sample b each lane runs what lane + b runs of the first, so that heavy and light lanes even out. Lanes need equal threads: sessions are shared. Otherwise each lane
    /// runs its own segments of every sample.
    /// </param>
    public static (T Statement, int Sample)[][] Interleave<T>(
        IReadOnlyList<IReadOnlyList<T>> lanes, Func<T, int> segmentOf, Func<T, bool> isSend, int samples, bool switched)
    {
        List<(int Segment, int Sample, T[] Statements)>[] parts = [.. lanes.Select(_ => new List<(int, int, T[])>())];
        for (int lane = 0; lane < lanes.Count; lane++)
        {
            foreach ((int segment, T[] statements) in AroundRuns(lanes[lane], segmentOf, isSend))
            {
                for (int sample = 0; sample < samples; sample++)
                    parts[Place(lane, switched ? sample : 0, lanes.Count)].Add((segment, sample, statements));
            }
        }
        return [.. parts.Select(lane => lane.OrderBy(p => p.Segment).ThenBy(p => p.Sample).SelectMany(p => p.Statements.Select(s => (s, p.Sample))).ToArray())];
    }

    /// <summary>The segments of a lane, each with what it waits for before it and what it hands over after it.</summary>
    public static IEnumerable<(int Segment, T[] Statements)> AroundRuns<T>(IReadOnlyList<T> statements, Func<T, int> segmentOf, Func<T, bool> isSend)
    {
        List<T> part = [];
        int segment = -1;
        foreach (T statement in statements)
        {
            if (segment >= 0 && !isSend(statement))
            {
                yield return (segment, [.. part]);
                part = [];
                segment = -1;
            }
            part.Add(statement);
            if (segmentOf(statement) is >= 0 and var run)
                segment = run;
        }
        if (segment >= 0)
            yield return (segment, [.. part]);
    }

    // The lane that runs what the given one runs of the first sample.
    private static int Place(int lane, int shift, int lanes) => (((lane - shift) % lanes) + lanes) % lanes;
}
