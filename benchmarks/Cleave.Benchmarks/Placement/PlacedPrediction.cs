using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Cost;
using Cleave.Core.Placement;
using Cleave.Core.Schedule;
using Cleave.Emulator;

namespace Cleave.Benchmarks.Placement;

/// <summary>What a placed plan takes by the planner's own model of processors and copies, segment by segment, with measured times on the CPU.</summary>
internal static class PlacedPrediction
{
    /// <param name="model">The plan.</param>
    /// <param name="onCpu">By segment: nanoseconds there; of those on the accelerator it says nothing.</param>
    /// <param name="dispatch">From one side to the other, beside the copies, on this machine.</param>
    public static double Makespan(PlacedModel model, double[] onCpu, double dispatch)
    {
        ExecutionPlan plan = model.Run.Plan;
        int lanes = plan.Lanes.Count;
        int[] place = new int[plan.Segments.Count];
        for (int lane = 0; lane < lanes; lane++)
        {
            foreach (Statement.Run run in plan.Lanes[lane].Statements.OfType<Statement.Run>())
                place[run.Segment] = lane;
        }
        PlacementUnit[] units = [.. model.Run.Segments.Select((s, i) => new PlacementUnit([.. Enumerable.Repeat(s.IsOnDevice ? s.Nanoseconds : onCpu[i], lanes)], []))];
        PlacementProblem problem = new(
            [.. Enumerable.Range(0, lanes).Select(l => new Processor("lane " + l, l == model.Run.DeviceLane ? 1 : 0))], units, Values(plan, model), [], Transfers(model.Accelerator, dispatch));
        return new ScheduleWalk(problem).Makespan([.. Enumerable.Range(0, units.Length)], place);
    }

    private static List<PlacementValue> Values(ExecutionPlan plan, PlacedModel model)
    {
        Dictionary<string, int> makers = new(StringComparer.Ordinal);
        for (int i = 0; i < plan.Segments.Count; i++)
        {
            foreach (string write in plan.Segments[i].Writes)
                makers[write] = i;
        }
        string[] outputs = [.. model.Definition.Outputs.Select(o => o.Name)];
        string[] values = [.. plan.Segments.SelectMany(s => s.Reads).Concat(outputs).Distinct(StringComparer.Ordinal)];
        return [.. values.Select(v => new PlacementValue(
            makers.TryGetValue(v, out int maker) ? maker : -1,
            [.. Enumerable.Range(0, plan.Segments.Count).Where(i => plan.Segments[i].Reads.Contains(v))], model.BytesOf(v), outputs.Contains(v)))];
    }

    // As the planner has it; the CPU's times were measured with the calls.
    private static TransferCost Transfers(AcceleratorProfile accelerator, double dispatch) => new(
        DeviceTables.Baked.HandOff, accelerator.ToDeviceLatency + accelerator.Launch, accelerator.ToDeviceBandwidth, accelerator.ToHostLatency, accelerator.ToHostBandwidth, dispatch);
}
