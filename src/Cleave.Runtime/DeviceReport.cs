using System.Collections.Generic;

namespace Cleave;

/// <summary>What a runner has on an accelerator, as ONNX Runtime itself says. Immutable.</summary>
public sealed class DeviceReport
{
    internal DeviceReport(DevicePolicy policy, string? device, string? whyNot, IReadOnlyList<DeviceSegment> segments)
    {
        Policy = policy;
        Device = device;
        WhyNot = whyNot;
        Segments = segments;
    }

    /// <summary>What was asked for.</summary>
    public DevicePolicy Policy { get; }

    /// <summary>The device that requests run on, for example <c>cuda:0</c>; null where they run on the CPU.</summary>
    public string? Device { get; }

    /// <summary>Why they run on the CPU; null where they do not.</summary>
    public string? WhyNot { get; }

    /// <summary>The segments of the plan that was opened, also where the device has failed since; empty where none was.</summary>
    public IReadOnlyList<DeviceSegment> Segments { get; }

    /// <summary>How many requests ran on the device since the model was opened: a reload begins anew.</summary>
    public long Requests { get; internal init; }

    /// <summary>How many requests found the device failing since the model was opened, and ran again on the CPU: a reload begins anew.</summary>
    public long RanAgain { get; internal init; }

    /// <summary>Bytes of the device's memory in use by this runner.</summary>
    public long MemoryUsed { get; internal init; }

    /// <summary>One line.</summary>
    public override string ToString() => Device is null ? "on the CPU: " + WhyNot : string.Join("; ", Segments);
}
