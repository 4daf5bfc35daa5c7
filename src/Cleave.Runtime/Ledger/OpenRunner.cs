using Cleave.Batching;
using Cleave.Modes;

namespace Cleave.Ledger;

/// <summary>An open runner, as those see it who ask what the ledger does.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Modes">The ways in which it runs the model.</param>
/// <param name="Times">How they compare.</param>
internal sealed record OpenRunner(string Model, RunnerModes Modes, RunnerTimes Times)
{
    /// <summary>Where its requests wait that may run together; null where none may.</summary>
    public BatchQueue? Queue { get; init; }

    /// <summary>Its other requests that wait.</summary>
    public WaitingRequests? Others { get; init; }

    /// <summary>How many wait in all.</summary>
    public int Waiting => (Queue?.WaitingInAll ?? 0) + (Others?.Count ?? 0);

    /// <summary>What ran together.</summary>
    public BatchCounts? Counts { get; init; }

    /// <summary>Divides batches; null where none is.</summary>
    public BatchDivider? Divider { get; init; }
}
