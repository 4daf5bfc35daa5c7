namespace Cleave.Jobs;

/// <summary>What runs at once: a part of a job, or several.</summary>
/// <param name="Positions">Their positions among the inputs.</param>
/// <param name="Threads">The cores that it is given.</param>
internal sealed record JobUnit(int[] Positions, int Threads);
