using Cleave.Lanes;

namespace Cleave.Timelines;

/// <summary>Something that a lane did.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Lane">Its lane.</param>
/// <param name="Name">The segment that ran, or the value that the lane waited for.</param>
/// <param name="IsWait">Which of the two it was.</param>
/// <param name="Request">Tells requests apart.</param>
/// <param name="Start">When, as a time stamp of <see cref="System.Diagnostics.Stopwatch"/>.</param>
/// <param name="End">Until when.</param>
internal readonly record struct TimelineSpan(PlanOutline Plan, int Lane, string Name, bool IsWait, long Request, long Start, long End);
