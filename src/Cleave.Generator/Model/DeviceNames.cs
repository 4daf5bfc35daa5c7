using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;

namespace Cleave.Generator.Model;

/// <summary>The devices that an ensemble's item lists: <c>cpu</c>, and <c>cuda:0</c>, <c>cuda:1</c> and so on.</summary>
internal static class DeviceNames
{
    private const string Cpu = "cpu";
    private const string Cuda = "cuda";

    /// <summary>Their names, as the runtime takes them; empty where the processor alone is listed.</summary>
    /// <param name="ensemble">The item.</param>
    /// <param name="problems">Gets what is wrong.</param>
    public static string[] Of(EnsembleListing ensemble, List<Problem> problems)
    {
        List<string> names = [];
        foreach (string device in ensemble.Devices)
        {
            if (Name(device) is not { } name)
                problems.Add(new Problem(Rules.EnsembleBadMetadata, "Devices", device, "use cpu, cuda, or cuda:0, cuda:1 and so on"));
            else if (names.Contains(name))
                problems.Add(new Problem(Rules.EnsembleBadMetadata, "Devices", device, "list each device once"));
            else
                names.Add(name);
        }
        return names.All(static n => n == Cpu) ? [] : [.. names];
    }

    private static string? Name(string device)
    {
        string name = device.ToLowerInvariant();
        if (name == Cpu)
            return name;
        if (name == Cuda)
            return Cuda + ":0";
        return name.StartsWith(Cuda + ":", System.StringComparison.Ordinal)
            && int.TryParse(name.Substring(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int index)
            ? Cuda + ":" + index.ToString(CultureInfo.InvariantCulture)
            : null;
    }
}
