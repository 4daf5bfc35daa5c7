using System;
using Cleave.Core.Diagnostics;

namespace Cleave;

/// <summary>A device was lost: it fell off the bus, was reset, or a fault in it makes everything on it unusable (CLV4022). It stays lost for this process.</summary>
public sealed class DeviceLostException : DeviceException
{
    internal DeviceLostException(string device, string what, string why, Exception? inner = null)
        : base(Rules.DeviceLost, inner, device, what, device, why)
    {
    }
}
