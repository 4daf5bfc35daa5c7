using System.Collections.Generic;

namespace Cleave.Core.Schedule;

/// <summary>When a segment runs.</summary>
/// <param name="Segment">Its position in the plan.</param>
/// <param name="Lane">Where it runs.</param>
/// <param name="Start">Nanoseconds from the beginning of the call.</param>
/// <param name="End">Nanoseconds from the beginning of the call.</param>
internal sealed record SegmentRun(int Segment, int Lane, double Start, double End);

/// <summary>How a plan runs, as predicted.</summary>
/// <param name="Makespan">Nanoseconds until the last lane is done.</param>
/// <param name="Runs">By start, then by lane.</param>
/// <param name="CriticalPath">What determines the makespan: from the first segment to the last, each waiting for the one before it, by its lane or by a value.</param>
internal sealed record Prediction(double Makespan, IReadOnlyList<SegmentRun> Runs, IReadOnlyList<SegmentRun> CriticalPath);
