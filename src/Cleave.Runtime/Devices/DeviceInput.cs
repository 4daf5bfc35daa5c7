namespace Cleave.Devices;

/// <summary>What a program reads in a run: a tensor on the device, or, where it reads it there, one of the host's.</summary>
/// <param name="There">On the device; null: <paramref name="Here"/> is read.</param>
/// <param name="Here">In the host's memory; null: <paramref name="There"/> is read.</param>
internal readonly record struct DeviceInput(DeviceTensor? There, HostTensor? Here)
{
    public static implicit operator DeviceInput(DeviceTensor there) => new(there, null);

    public static implicit operator DeviceInput(HostTensor here) => new(null, here);
}
