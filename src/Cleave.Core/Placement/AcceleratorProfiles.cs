namespace Cleave.Core.Placement;

/// <summary>The profiles that need no file.</summary>
internal static class AcceleratorProfiles
{
    /// <summary>
    /// What a model is planned for whose build knows no GPU: one of the least, so that what is placed there pays on others, too. The numbers and where they come from are
    /// those of <c>benchmarks/placement/profiles/t4.txt</c>, which a test compares.
    /// </summary>
    public static AcceleratorProfile Default { get; } = new()
    {
        Name = "tesla-t4",
        Source = "derived from published figures, not measured (see the lines below)",
        Kernel = 3000,
        Arithmetic = 2430,
        Bandwidth = 250,
        Cache = 4194304,
        CacheBandwidth = 1270,
        StepKernels = 2,
        ToDeviceLatency = 10000,
        ToDeviceBandwidth = 12,
        ToHostLatency = 10000,
        ToHostBandwidth = 12,
        Launch = 10000,
        Memory = 16000000000,
    };
}
