using System;
using Cleave.Core.Diagnostics;

namespace Cleave;

/// <summary>A device other than the CPU cannot be used, or failed.</summary>
public abstract class DeviceException : CleaveException
{
    private protected DeviceException(Rule rule, Exception? inner, string device, params string[] arguments)
        : base(rule, inner, arguments)
    {
        Device = device;
    }

    /// <summary>The device, for example <c>cuda:0</c>.</summary>
    public string Device { get; }
}
