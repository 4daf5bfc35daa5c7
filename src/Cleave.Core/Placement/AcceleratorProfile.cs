using System;

namespace Cleave.Core.Placement;

/// <summary>
/// What an accelerator takes, in a handful of numbers: enough to say which operators are bound by launching kernels, by memory or by arithmetic. Either derived
/// from published figures or measured; <see cref="Source"/> says which. Text in <c>docs/placement.md</c>'s format; immutable.
/// </summary>
internal sealed class AcceleratorProfile
{
    public required string Name { get; init; }

    /// <summary>Where the numbers come from; begins with "measured" where they were measured on the device.</summary>
    public required string Source { get; init; }

    /// <summary>Whether they were measured on the device: then what is predicted from them is worth a warning.</summary>
    public bool IsMeasured => Source.StartsWith("measured", StringComparison.Ordinal);

    /// <summary>Nanoseconds from one small kernel to the next in a full queue: the least that anything takes.</summary>
    public required double Kernel { get; init; }

    /// <summary>Multiplications and additions per nanosecond that large products reach: each counts as two operations.</summary>
    public required double Arithmetic { get; init; }

    /// <summary>Bytes per nanosecond from its memory.</summary>
    public required double Bandwidth { get; init; }

    /// <summary>Bytes of the cache that weights which are read again and again stay in.</summary>
    public required double Cache { get; init; }

    /// <summary>Bytes per nanosecond from that cache.</summary>
    public required double CacheBandwidth { get; init; }

    /// <summary>Kernels of one step of a recurrent layer, in the library that runs them as one operator.</summary>
    public required double StepKernels { get; init; }

    /// <summary>Nanoseconds of a copy to it, before its first byte.</summary>
    public required double ToDeviceLatency { get; init; }

    public required double ToDeviceBandwidth { get; init; }

    /// <summary>Nanoseconds of a copy to the host, before its first byte.</summary>
    public required double ToHostLatency { get; init; }

    public required double ToHostBandwidth { get; init; }

    /// <summary>Nanoseconds that a segment costs beside its kernels.</summary>
    public required double Launch { get; init; }

    /// <summary>Bytes of its memory.</summary>
    public required double Memory { get; init; }
}
