using System;
using Cleave.Core.Diagnostics;

namespace Cleave;

/// <summary>A device cannot be used: it, its driver or a library is missing, or its driver refuses. The message says which, and what to do (CLV4020).</summary>
public sealed class DeviceUnavailableException : DeviceException
{
    internal DeviceUnavailableException(string device, string why, string remedy, Exception? inner = null)
        : base(Rules.DeviceUnavailable, inner, device, device, why, remedy)
    {
    }
}
