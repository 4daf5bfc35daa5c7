using System;
using System.Linq;
using Cleave.Generated;
using Cleave.Lanes;

namespace Cleave.Devices.Dispatch;

/// <summary>What of a plan lies on its accelerator: who launches it, and what is copied. Immutable.</summary>
internal sealed class DeviceOutline
{
    /// <exception cref="CleaveException">Segments on the accelerator and others are on one lane, or on several, or on the caller's (CLV4010).</exception>
    public DeviceOutline(PlanOutline plan)
    {
        Plan = plan;
        Segment[] segments = plan.Plan.Segments;
        int[] lanes = [.. Enumerable.Range(0, segments.Length).Where(s => segments[s].IsOnDevice).Select(s => plan.LaneOf[s]).Distinct()];
        if (lanes is not [> 0 and var lane])
            throw plan.Broken("the segments on its accelerator are not launched by one lane of their own");
        Lane = lane;
        int stray = Array.FindIndex(segments, s => !s.IsOnDevice && plan.LaneOf[Array.IndexOf(segments, s)] == lane);
        if (stray >= 0)
            throw plan.Broken(plan.LaneName(lane) + " launches segments on the accelerator, and runs '" + segments[stray].Name + "' on the CPU");
        int results = plan.Results.Length, inputs = 1 + plan.Reads.SelectMany(static r => r).Where(static s => s < 0).Select(static s => ~s).DefaultIfEmpty(-1).Max();
        ReadersOf = new int[results + inputs];
        IsMadeThere = new bool[results];
        GoesHome = new bool[results];
        for (int segment = 0; segment < segments.Length; segment++)
        {
            foreach (int read in plan.Reads[segment])
            {
                if (segments[segment].IsOnDevice)
                    ReadersOf[Slot(read)]++;
                else if (read >= 0)
                    GoesHome[read] = true;
            }
            foreach (int write in plan.Writes[segment])
            {
                IsMadeThere[write] = segments[segment].IsOnDevice;
                GoesHome[write] |= write < Outputs;
            }
        }
        for (int result = 0; result < results; result++)
            GoesHome[result] &= IsMadeThere[result];
        // In the order in which they are needed.
        Inputs = [.. plan.Lanes[lane].Where(static s => s.Kind == StatementKind.Run).SelectMany(s => plan.Reads[s.Index]).Where(static s => s < 0).Distinct()];
    }

    public PlanOutline Plan { get; }

    /// <summary>The lane that launches.</summary>
    public int Lane { get; }

    /// <summary>The inputs of the model that are read there, as a segment's reads say it (~ of the position), by first use.</summary>
    public int[] Inputs { get; }

    /// <summary>By slot: how many segments there read it.</summary>
    public int[] ReadersOf { get; }

    /// <summary>By result: whether the accelerator makes it.</summary>
    public bool[] IsMadeThere { get; }

    /// <summary>By result: whether it is made there and read by the host: an output, or a value that a segment on the CPU reads.</summary>
    public bool[] GoesHome { get; }

    /// <summary>How many slots there are.</summary>
    public int Slots => ReadersOf.Length;

    /// <summary>Where something that segments read has its place: results first, then the model's inputs.</summary>
    public int Slot(int source) => source >= 0 ? source : Plan.Results.Length + ~source;

    private int Outputs => Plan.Outputs;
}
