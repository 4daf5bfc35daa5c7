using System;
using System.Collections.Generic;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Cleave.Core.Placement;

namespace Cleave.Generator.Model;

/// <summary>Reads the item metadata that asks for an accelerator; what cannot be understood becomes a problem.</summary>
/// <param name="Kind">Of the accelerator: <c>cuda</c>.</param>
/// <param name="Request">What is asked of the plan.</param>
internal sealed record AcceleratorOptions(string Kind, PlacementRequest Request)
{
    private const double NanosecondsOfTick = 100;

    // What says something of an accelerator only.
    private static readonly string[] Dependent = ["Objective", "Deadline", "GpuMemory", "DevicePolicy"];

    /// <summary>Null where none is asked for, or a problem was added.</summary>
    public static AcceleratorOptions? Read(ListingOptions options, bool? slicing, List<Problem> problems)
    {
        int before = problems.Count;
        Dictionary<string, string> settings = new(StringComparer.Ordinal);
        foreach (KeyValuePair<string, string> setting in options.Settings)
            settings[setting.Key] = setting.Value.Trim();
        if (!settings.TryGetValue("Accelerator", out string? accelerator))
        {
            foreach (string name in Dependent)
            {
                if (settings.TryGetValue(name, out string? value))
                    problems.Add(new Problem(Rules.BadMetadata, name, value, "it says something of an accelerator: set Accelerator=\"Cuda\", too, or take it off the item"));
            }
            return null;
        }
        if (!accelerator.Equals("Cuda", StringComparison.OrdinalIgnoreCase))
            problems.Add(new Problem(Rules.BadMetadata, "Accelerator", accelerator, "use Cuda"));
        else if (slicing == false)
            problems.Add(new Problem(Rules.BadMetadata, "Accelerator", accelerator, "with Slicing=\"false\" there is one session: take one of the two off the item"));
        PlacementObjective objective = Objective(settings, problems);
        double deadline = settings.TryGetValue("Deadline", out string? time) ? Deadline(time, problems) : double.PositiveInfinity;
        double memory = settings.TryGetValue("GpuMemory", out string? size) && SettingReader.Bytes(size) is { } bytes
            ? double.Parse(bytes, System.Globalization.CultureInfo.InvariantCulture)
            : double.PositiveInfinity;
        return problems.Count > before ? null : new AcceleratorOptions("cuda", new PlacementRequest(objective, deadline, memory));
    }

    private static PlacementObjective Objective(Dictionary<string, string> settings, List<Problem> problems)
    {
        if (!settings.TryGetValue("Objective", out string? objective) || objective.Equals("Latency", StringComparison.OrdinalIgnoreCase))
            return PlacementObjective.Latency;
        if (!objective.Equals("GpuMemory", StringComparison.OrdinalIgnoreCase))
            problems.Add(new Problem(Rules.BadMetadata, "Objective", objective, "use Latency or GpuMemory"));
        return PlacementObjective.Memory;
    }

    private static double Deadline(string text, List<Problem> problems)
    {
        if (SettingReader.Delay(text) is { } ticks && double.Parse(ticks, System.Globalization.CultureInfo.InvariantCulture) is > 0 and var time)
            return time * NanosecondsOfTick;
        problems.Add(new Problem(Rules.BadMetadata, "Deadline", text, "use a time up to a day, such as 20ms, 500us or 1s"));
        return double.PositiveInfinity;
    }
}
