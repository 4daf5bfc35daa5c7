using System;
using Cleave.Core.Diagnostics;

namespace Cleave;

/// <summary>A device cannot be used on this machine: it, its driver or a library is missing. The message says which, and what to install (CLV4020).</summary>
public sealed class DeviceUnavailableException : DeviceException
{
    internal DeviceUnavailableException(string device, string why, string remedy, Exception? inner = null)
        : base(Rules.DeviceUnavailable, inner, device, device, why, remedy)
    {
    }
}
