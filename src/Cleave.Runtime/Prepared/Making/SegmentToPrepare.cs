using System;
using System.Collections.Generic;
using Cleave.Core.Onnx.Slicing;
using Cleave.Generated;
using Cleave.Lanes;
using Cleave.Plans;
using Cleave.Sessions;

namespace Cleave.Prepared.Making;

/// <summary>A segment of the plans that a runner may run, with the numbers of threads that it has there.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="Outline">A plan that has it.</param>
/// <param name="Threads">The numbers of threads, rising.</param>
internal sealed record SegmentToPrepare(Segment Segment, PlanOutline Outline, SortedSet<int> Threads)
{
    /// <summary>
    /// All segments of the modes of a runner that have sessions, with the threads that they have there, and those that other sessions of theirs had, for parts of jobs; equal ones of
    /// several plans are one.
    /// </summary>
    public static IReadOnlyList<SegmentToPrepare> Of(ModelDefinition definition, IEnumerable<ChosenPlan> modes, SessionFactory factory)
    {
        List<SegmentToPrepare> found = [];
        Dictionary<string, SegmentToPrepare> byPart = new(StringComparer.Ordinal);
        foreach (ChosenPlan mode in modes)
        {
            PlanOutline outline = PlanOutline.Read(mode.Plan, definition);
            IReadOnlyList<SharedSegment>? shared = factory.Shared(mode.Plan);
            for (int i = 0; i < mode.Plan.Segments.Length; i++)
            {
                Segment segment = mode.Plan.Segments[shared?[i].Of ?? i];
                string part = PreparedTargets.PartOf(segment);
                if (!byPart.TryGetValue(part, out SegmentToPrepare? known))
                {
                    byPart.Add(part, known = new SegmentToPrepare(segment, outline, []));
                    found.Add(known);
                }
                known.Threads.Add(mode.Threads[outline.LaneOf[i]]);
            }
        }
        foreach ((string part, int threads) in factory.Prepared.Unrecorded)
        {
            if (byPart.TryGetValue(part, out SegmentToPrepare? known))
                known.Threads.Add(threads);
        }
        return found;
    }
}
