namespace Cleave.Core.Placement;

/// <summary>What runs on one processor as a whole: an operator, or a fusion group.</summary>
/// <param name="Times">By processor: nanoseconds; infinite where that processor cannot run it.</param>
/// <param name="Weights">Positions of the weights it reads (<see cref="PlacementProblem.WeightBytes"/>).</param>
/// <param name="Workspace">Bytes on an accelerator that it needs while it runs, beside what it reads and writes.</param>
internal sealed record PlacementUnit(double[] Times, int[] Weights, double Workspace = 0);

/// <summary>A value that units hand on.</summary>
/// <param name="Producer">The unit that makes it; -1: the caller gives it, in the host's memory.</param>
/// <param name="Readers">The units that read it, rising, each once.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="IsOutput">Whether the caller gets it, in the host's memory.</param>
internal sealed record PlacementValue(int Producer, int[] Readers, double Bytes, bool IsOutput = false);
