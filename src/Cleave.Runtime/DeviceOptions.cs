using System;
using System.ComponentModel;

namespace Cleave;

/// <summary>
/// Whether and how a runner uses the accelerator that its model was planned for (item metadata <c>Accelerator</c>). Without such a plan only <see cref="DevicePolicy.Require"/>
/// changes anything: the runner's constructor throws. Immutable.
/// </summary>
[TypeConverter(typeof(Words))]
public sealed record DeviceOptions
{
    private readonly DevicePolicy? _policy;
    private readonly int _index;
    private readonly long? _memoryLimit;

    // Each time a new one: a binder of configuration fills the object that it finds, immutable or not, and must find no other runner's.
    /// <summary>The device where it can be used, or else the CPU. The default.</summary>
    public static DeviceOptions Prefer => new() { Policy = DevicePolicy.Prefer };

    /// <summary>The device, or an exception.</summary>
    public static DeviceOptions Require => new() { Policy = DevicePolicy.Require };

    /// <summary>The CPU.</summary>
    public static DeviceOptions Never => new() { Policy = DevicePolicy.Never };

    /// <summary>
    /// What happens where the device cannot be used, or fails. Null: as the item's <c>DevicePolicy</c> says, or else <see cref="DevicePolicy.Prefer"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Set to no value of the enumeration.</exception>
    public DevicePolicy? Policy
    {
        get => _policy;
        init
        {
            if (value is { } policy && !Enum.IsDefined(policy))
                throw new ArgumentOutOfRangeException(nameof(Policy), value, null);
            _policy = value;
        }
    }

    /// <summary>Which of several devices of the kind, as its driver counts them. 0 where nothing is set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int Index
    {
        get => _index;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(Index));
            _index = value;
        }
    }

    /// <summary>
    /// The most bytes of the device's memory that the runner may take: weights, what its sessions need beside, and the values that lie there between runs. Null: as the item's <c>GpuMemory</c>
    /// says, or else as many as there are. While a reload is under way, the old and the new weights may take as many each.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public long? MemoryLimit
    {
        get => _memoryLimit;
        init
        {
            if (value is { } bytes)
                ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1, nameof(MemoryLimit));
            _memoryLimit = value;
        }
    }

    /// <summary>What is asked for, or the default.</summary>
    internal DevicePolicy Decided => Policy ?? DevicePolicy.Prefer;

    /// <summary>Opens the device of that kind, number and memory limit; null: as the kind says. Tests have an emulated one.</summary>
    internal Func<DeviceOptions, Devices.IDevice>? Opener { get; init; }

    /// <summary>These, in which what was not set is as the item says.</summary>
    internal DeviceOptions Over(DeviceOptions item) => this with { Policy = Policy ?? item.Policy, MemoryLimit = MemoryLimit ?? item.MemoryLimit };

    internal sealed class Words : WordConverter<DevicePolicy>
    {
        protected override object Of(DevicePolicy choice) => new DeviceOptions { Policy = choice };
    }
}
