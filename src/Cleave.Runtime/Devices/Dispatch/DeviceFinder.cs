using Cleave.Devices.Cuda;

namespace Cleave.Devices.Dispatch;

/// <summary>Opens a device of a kind.</summary>
internal static class DeviceFinder
{
    private const string Cuda = "cuda";

    /// <param name="kind"><c>cuda</c>; generated code of later versions may know others.</param>
    /// <param name="asked">Which of that kind, with how much memory.</param>
    /// <exception cref="DeviceUnavailableException">It is not there, or cannot be used.</exception>
    public static IDevice Open(string kind, DeviceOptions asked)
    {
        if (asked.Opener is { } opener)
            return opener(asked);
        if (kind != Cuda)
            throw new DeviceUnavailableException(kind, "this version of Cleave knows no such kind of device", "update Cleave.Runtime to the version that the code was generated for");
        return CudaDevice.Open(asked.Index, asked.MemoryLimit);
    }
}
