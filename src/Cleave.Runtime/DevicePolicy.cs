namespace Cleave;

/// <summary>What happens to a model that was planned for an accelerator where that accelerator cannot be used, or fails.</summary>
public enum DevicePolicy
{
    /// <summary>
    /// The CPU takes over, and one line of the log says why. A request that finds no room on the device, or during which the device is lost, runs again on the CPU; after a loss, or where there was
    /// no room three times in a row, all further ones run there. The default.
    /// </summary>
    Prefer,

    /// <summary>The runner's constructor throws, and so does a request. Nothing runs on the CPU that was planned for the device.</summary>
    Require,

    /// <summary>Everything runs on the CPU; the device is not even looked for.</summary>
    Never,
}
