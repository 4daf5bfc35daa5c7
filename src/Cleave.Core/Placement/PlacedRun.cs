using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Schedule;

namespace Cleave.Core.Placement;

/// <summary>Where a segment of a placed plan runs, and what it takes.</summary>
/// <param name="IsOnDevice">Whether it is on the accelerator.</param>
/// <param name="Nanoseconds">Of a run: kernels on the accelerator, a call on the CPU.</param>
/// <param name="WeightBytes">Of its weights, and what is held of them a second time (<see cref="CudnnWeights"/>), where it is on the accelerator.</param>
/// <param name="WorkspaceBytes">What a run takes there beside what the segment reads and writes.</param>
internal sealed record PlacedSegment(bool IsOnDevice, double Nanoseconds, long WeightBytes, long WorkspaceBytes);

/// <summary>A placement as lanes carry it out: those of the CPU, and last the one that launches on the accelerator.</summary>
/// <param name="Plan">What the lanes do.</param>
/// <param name="DeviceLane">The lane that launches; never the first.</param>
/// <param name="Threads">By lane.</param>
/// <param name="Segments">By segment of the plan.</param>
/// <param name="ValueBytes">Of the values that segments on the accelerator read and write: they stay there from run to run.</param>
/// <param name="Placement">What it was made of.</param>
internal sealed record PlacedRun(
    ExecutionPlan Plan, int DeviceLane, int[] Threads, IReadOnlyList<PlacedSegment> Segments, long ValueBytes, PlacementPlan Placement)
{
    /// <summary>Predicted, until the caller has all outputs.</summary>
    public double Nanoseconds => Placement.Chosen.Makespan;

    /// <summary>
    /// What the plan takes on the accelerator while the runner is open. More than the planner's peak, in which values of different segments share memory one after the other.
    /// </summary>
    public long DeviceBytes => ValueBytes + Segments.Sum(s => s.WeightBytes + s.WorkspaceBytes);
}
