using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Schedule;

namespace Cleave.Core.Tests.Schedule;

/// <summary>Lanes that run several samples of a plan, in the form that the simulator takes: each sample's values have names of their own.</summary>
internal static class SampleGroup
{
    public static (Statement Statement, int Sample)[][] Interleaved(ExecutionPlan plan, int samples, bool switched) => Hyperclusters.Interleave(
        [.. plan.Lanes.Select(l => l.Statements)], s => s is Statement.Run run ? run.Segment : -1, s => s is Statement.Send, samples, switched);

    public static IReadOnlyList<PlanLane> Of(ExecutionPlan plan, int samples, bool switched)
    {
        (Statement Statement, int Sample)[][] lanes = Interleaved(plan, samples, switched);
        return [.. plan.Lanes.Select((lane, i) => new PlanLane(lane.Name, [.. lanes[i].Select(s => Moved(s.Statement, s.Sample))]))];

        Statement Moved(Statement statement, int sample) => statement switch
        {
            Statement.Send send => new Statement.Send(Named(send.Values, sample), Place(send.To, sample)),
            Statement.Receive receive => new Statement.Receive(Named(receive.Values, sample), Place(receive.From, sample)),
            _ => statement,
        };

        int Place(int lane, int sample) => switched ? (lane + (plan.Lanes.Count * samples) - sample) % plan.Lanes.Count : lane;
    }

    private static string[] Named(string[] values, int sample) => [.. values.Select(v => v + " of " + sample)];
}
