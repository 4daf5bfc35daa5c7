using System.Collections.Generic;

namespace Cleave.Core.Listing;

/// <summary>Item metadata that only the running application uses: what it may leave to the model's item, of <c>RunnerOptions</c>. Planning needs none of it.</summary>
internal static class RunnerSettings
{
    /// <summary>The metadata's names, in the order of listings and generated code.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "Cores", "Hint", "MaxMemory", "Deterministic", "Strict", "Pinning", "Dividing",
        "Batching", "BatchSize", "BatchDelay", "BatchWaiting", "BatchFull",
        "PartPolicy", "PartWeights", "PartMerging",
        "Prepared", "PreparedTrustGroup",
    ];
}
