namespace Cleave.Core.Placement;

/// <summary>What it takes until another processor has a value. Times in nanoseconds, bandwidths in bytes per nanosecond.</summary>
/// <param name="HandOff">From one lane of the CPU to another, by reference.</param>
/// <param name="ToDeviceLatency">Of a copy to an accelerator: before its first byte, with what the segment that it begins costs.</param>
/// <param name="ToDeviceBandwidth">Of such a copy.</param>
/// <param name="ToHostLatency">Of a copy to the host: before its first byte, with what the segment that it begins costs.</param>
/// <param name="ToHostBandwidth">Of such a copy.</param>
/// <param name="Dispatch">
/// From one side to the other, whatever is copied: until the thread of the other side, which mostly had nothing to do and sleeps, has woken up, and has queued the copies or found them done.
/// </param>
internal sealed record TransferCost(double HandOff, double ToDeviceLatency, double ToDeviceBandwidth, double ToHostLatency, double ToHostBandwidth, double Dispatch = 0)
{
    /// <summary>Nanoseconds until a processor has what another one made; 0 on the same one.</summary>
    /// <param name="from">Who made it.</param>
    /// <param name="to">Who is to have it.</param>
    /// <param name="count">How many values.</param>
    /// <param name="bytes">Of all of them.</param>
    public double Between(Processor from, Processor to, int count, double bytes)
    {
        if (from.Space == to.Space)
            return ReferenceEquals(from, to) || !from.IsHost ? 0 : HandOff;
        double toHost = Dispatch + (count * ToHostLatency) + (bytes / ToHostBandwidth), toDevice = Dispatch + (count * ToDeviceLatency) + (bytes / ToDeviceBandwidth);
        // Between two accelerators by way of the host.
        return from.IsHost ? toDevice : to.IsHost ? toHost : toHost + toDevice;
    }
}
