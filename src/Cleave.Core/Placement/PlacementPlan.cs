namespace Cleave.Core.Placement;

/// <summary>What a placement is to be best at.</summary>
internal enum PlacementObjective
{
    /// <summary>Done soonest.</summary>
    Latency,

    /// <summary>The least memory on accelerators, done by the deadline.</summary>
    Memory,
}

/// <summary>What is asked for.</summary>
/// <param name="Objective">What the plan is to be best at.</param>
/// <param name="Deadline">Nanoseconds; where none is set, memory is saved only where that costs no time.</param>
/// <param name="MemoryLimit">The most bytes that may be used on accelerators.</param>
internal sealed record PlacementRequest(
    PlacementObjective Objective, double Deadline = double.PositiveInfinity, double MemoryLimit = double.PositiveInfinity);

/// <summary>Which processor runs what.</summary>
/// <param name="Chosen">The plan.</param>
/// <param name="Bytes">What it takes on accelerators.</param>
/// <param name="HostOnly">All on the CPU.</param>
/// <param name="DeviceOnly">All on an accelerator, as far as it can run it.</param>
/// <param name="DeviceBytes">What that takes.</param>
/// <param name="MeetsDeadline">Whether the plan is done by then; otherwise it is the fastest within the memory.</param>
internal sealed record PlacementPlan(
    PlacementSchedule Chosen, double Bytes, PlacementSchedule HostOnly, PlacementSchedule DeviceOnly, double DeviceBytes, bool MeetsDeadline);
