using System.Collections.Generic;
using Cleave.Devices;

namespace Cleave.Ensembles.Serving;

/// <summary>The turns of each device that instances are on. Thread-safe.</summary>
internal sealed class TurnTable
{
    private readonly Dictionary<IDevice, DeviceTurns> _turns = [];

    /// <summary>Those of an instance's device; null where it has none to share.</summary>
    public DeviceTurns? Of(IMemberInstance instance)
    {
        if (instance.Device is not { } device)
            return null;
        lock (_turns)
        {
            if (!_turns.TryGetValue(device, out DeviceTurns? turns))
                _turns.Add(device, turns = new DeviceTurns());
            return turns;
        }
    }
}
