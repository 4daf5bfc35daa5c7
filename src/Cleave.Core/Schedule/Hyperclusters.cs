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
    /// <summary>Each lane runs its own segments of every sample.</summary>
    public static IReadOnlyList<PlanLane> Of(ExecutionPlan plan, int samples) => Interleaved(plan, samples, shift: 0);

    /// <summary>
    /// Of sample b each lane runs what lane + b runs of the first, so that heavy and light lanes even out ("switched"). Lanes need equal
    /// threads: sessions are shared.
    /// </summary>
    public static IReadOnlyList<PlanLane> Switched(ExecutionPlan plan, int samples) => Interleaved(plan, samples, shift: 1);

    private static PlanLane[] Interleaved(ExecutionPlan plan, int samples, int shift)
    {
        int count = plan.Lanes.Count;
        List<(int Segment, int Sample, Statement[] Statements)>[] parts = [.. plan.Lanes.Select(_ => new List<(int, int, Statement[])>())];
        for (int lane = 0; lane < count; lane++)
        {
            foreach ((int segment, Statement[] statements) in AroundRuns(plan.Lanes[lane].Statements))
            {
                for (int sample = 0; sample < samples; sample++)
                    parts[Place(lane, sample)].Add((segment, sample, [.. statements.Select(s => Moved(s, sample))]));
            }
        }
        return [.. plan.Lanes.Select((lane, i) => new PlanLane(
            lane.Name, [.. parts[i].OrderBy(p => p.Segment).ThenBy(p => p.Sample).SelectMany(p => p.Statements)]))];

        int Place(int lane, int sample) => (((lane - (sample * shift)) % count) + count) % count;

        Statement Moved(Statement statement, int sample) => statement switch
        {
            Statement.Send send => send with { To = Place(send.To, sample), Sample = sample },
            Statement.Receive receive => receive with { From = Place(receive.From, sample), Sample = sample },
            _ => ((Statement.Run)statement) with { Sample = sample },
        };
    }

    // A segment with what it waits for before it and what it hands over after it.
    private static IEnumerable<(int Segment, Statement[] Statements)> AroundRuns(IReadOnlyList<Statement> statements)
    {
        List<Statement> part = [];
        int segment = -1;
        foreach (Statement statement in statements)
        {
            if (segment >= 0 && statement is not Statement.Send)
            {
                yield return (segment, [.. part]);
                part = [];
                segment = -1;
            }
            part.Add(statement);
            if (statement is Statement.Run run)
                segment = run.Segment;
        }
        if (segment >= 0)
            yield return (segment, [.. part]);
    }
}
