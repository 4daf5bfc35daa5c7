namespace Cleave.Modes;

/// <summary>A request that runs: in which mode, since when.</summary>
/// <param name="Mode">The mode, with the runner.</param>
/// <param name="Index">Its place in the runner's list.</param>
/// <param name="Start">When it began, on the ledger's clock.</param>
/// <param name="IsAlone">Whether nothing else ran when it began, or shortly before.</param>
internal readonly record struct Turn(RunnerMode Mode, int Index, long Start, bool IsAlone);
