using System;
using System.Globalization;
using Cleave.Core.Diagnostics;

namespace Cleave;

/// <summary>A device has no room for a model or its run (CLV4021). The device can still be used.</summary>
public sealed class DeviceMemoryException : DeviceException
{
    internal DeviceMemoryException(string device, string what, long bytes, long used, long limit, Exception? inner = null)
        : base(Rules.DeviceMemory, inner, device, what, device, Room(bytes, used, limit))
    {
    }

    internal DeviceMemoryException(string device, string what, string why, Exception? inner)
        : base(Rules.DeviceMemory, inner, device, what, device, why)
    {
    }

    private static string Room(long bytes, long used, long limit) => string.Format(
        CultureInfo.InvariantCulture, "{0:N0} bytes asked for, {1:N0} of {2:N0} in use", bytes, used, limit);
}
