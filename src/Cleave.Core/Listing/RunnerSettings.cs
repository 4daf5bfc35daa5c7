using System.Collections.Generic;

namespace Cleave.Core.Listing;

/// <summary>Item metadata that goes through the listing as it is: what an application may leave to the model's item, of <c>RunnerOptions</c>, and what is asked of an accelerator.</summary>
internal static class RunnerSettings
{
    /// <summary>The metadata's names, in the order of listings and generated code.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "Cores", "Hint", "MaxMemory", "Deterministic", "AllowSaturation", "Precision", "Strict", "Pinning", "Dividing",
        "Batching", "BatchSize", "BatchDelay", "BatchWaiting", "BatchFull",
        "PartPolicy", "PartWeights", "PartMerging",
        "Prepared", "PreparedTrustGroup",
        "Accelerator", "Objective", "Deadline", "GpuMemory", "DevicePolicy",
    ];
}
