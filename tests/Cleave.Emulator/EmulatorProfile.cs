using System;
using System.Collections.Generic;
using Cleave.Devices;

namespace Cleave.Emulator;

/// <summary>What an emulated device is like. Times in nanoseconds.</summary>
internal sealed record EmulatorProfile
{
    /// <summary>How long the thread that launches is busy with each launch.</summary>
    public double LaunchCost { get; init; } = 5_000;

    /// <summary>Of a copy to the device, before its first byte.</summary>
    public double ToDeviceLatency { get; init; } = 10_000;

    /// <summary>Bytes per nanosecond to the device.</summary>
    public double ToDeviceBandwidth { get; init; } = 12;

    /// <summary>Of a copy to the host, before its first byte.</summary>
    public double ToHostLatency { get; init; } = 10_000;

    /// <summary>Bytes per nanosecond to the host.</summary>
    public double ToHostBandwidth { get; init; } = 12;

    /// <summary>Bytes that it has.</summary>
    public long MemoryLimit { get; init; } = long.MaxValue;

    /// <summary>How many times faster it is than <see cref="RunTime"/> says.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>How long a program runs on tensors of these shapes.</summary>
    public Func<DeviceProgram, IReadOnlyList<IReadOnlyList<long>>, double> RunTime { get; init; } = static (_, _) => 0;

    /// <summary>
    /// Whether results are computed, on the CPU by ONNX Runtime, within the time that the run takes by the profile (or longer, where the CPU takes longer:
    /// <see cref="EmulatedDevice.Overruns"/> counts that). Otherwise nothing is: results are what was in memory, and output shapes must be known.
    /// </summary>
    public bool Computes { get; init; } = true;

    /// <summary>Operators that its execution provider does not have: they run on the CPU.</summary>
    public IReadOnlyCollection<string> Lacks { get; init; } = [];

    /// <summary>By segment and input: whether it is read in the host's memory, as a real device's kernels read shapes.</summary>
    public Func<string, string, bool> ReadsOnHost { get; init; } = static (_, _) => false;

    public double CopyTime(long bytes, bool toDevice) =>
        toDevice ? ToDeviceLatency + bytes / ToDeviceBandwidth : ToHostLatency + bytes / ToHostBandwidth;

    public double LaunchTime(DeviceProgram program, IReadOnlyList<IReadOnlyList<long>> shapes) => RunTime(program, shapes) / Speed;
}
