using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;

namespace Cleave.Generator.Model;

/// <summary>Reads the item metadata that sets properties of <c>RunnerOptions</c>; what cannot be understood becomes a problem.</summary>
internal static class SettingReader
{
    private static readonly Kind Truth = new(SettingSpec.Truth, "use true or false", static text => OneOf(text, "true", "false"));

    // On one system or another.
    private static readonly char[] NotInPaths = ['<', '>', '"', '|', '?', '*'];

    // By the metadata's name: the property, and what may stand there.
    private static readonly Dictionary<string, (string Owner, string Property, Kind Kind)> Known = new(StringComparer.Ordinal)
    {
        ["Cores"] = ("", "Cores", Whole("use a number of cores, 1 or more", 1)),
        ["Hint"] = ("", "Hint", Member("RunnerHint", "Latency", "Throughput", "Background")),
        ["MaxMemory"] = ("", "MaxMemory", new(SettingSpec.Bytes, "use a size such as 512MB or 2GB, or a number of bytes", Bytes)),
        ["Deterministic"] = ("", "Deterministic", Truth),
        ["AllowSaturation"] = ("", "AllowSaturation", Truth),
        ["Precision"] = ("", "Precision", Member("PrecisionChoice", "Auto", "AsPublished", "Widened")),
        ["Strict"] = ("", "Strict", Truth),
        ["Pinning"] = ("", "Pinning", Truth),
        ["Dividing"] = ("", "Dividing", Member("DividingChoice", "Auto", "On", "Off")),
        ["Batching"] = ("Batching", "Choice", Member("BatchingChoice", "Auto", "On", "Off")),
        ["BatchSize"] = ("Batching", "MaxSize", Whole("use the most samples in a batch, 2 or more", 2)),
        ["BatchDelay"] = ("Batching", "Delay", new(SettingSpec.Time, "use a time up to a day, such as 2ms, 500us or 1s", Delay)),
        ["BatchWaiting"] = ("Batching", "MaxWaiting", Whole("use the most requests that wait, 1 or more", 1)),
        ["BatchFull"] = ("Batching", "WhenFull", Member("FullQueue", "Wait", "Reject")),
        ["PartPolicy"] = ("Parts", "Policy", Member("PartPolicy", "EarliestFinish", "Proportional", "Equal", "One")),
        ["PartWeights"] = ("Parts", "Weights", Member("PartWeights", "Predicted", "InputSize", "Measured")),
        ["PartMerging"] = ("Parts", "Merging", Truth),
        ["Prepared"] = ("", "Prepared", new(SettingSpec.Text, "name a folder, with none of " + new string(NotInPaths), Folder)),
        ["PreparedTrustGroup"] = ("", "PreparedTrustGroup", Truth),
        ["GpuMemory"] = ("Device", "MemoryLimit", new(SettingSpec.Bytes, "use a size such as 512MB or 2GB, or a number of bytes", MemoryOfDevice)),
        ["DevicePolicy"] = ("Device", "Policy", Member("DevicePolicy", "Prefer", "Require", "Never")),
    };

    // Only planning uses them.
    private static readonly string[] Planned = ["Accelerator", "Objective", "Deadline"];

    private static readonly (string Unit, long Bytes)[] Sizes = [("GB", 1L << 30), ("MB", 1L << 20), ("KB", 1L << 10), ("", 1)];

    private static readonly (string Unit, double Ticks)[] Times =
        [("us", TimeSpan.TicksPerMillisecond / 1000), ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond)];

    /// <summary>The properties to set, in the order of the listing.</summary>
    public static SettingSpec[] Read(ListingOptions options, List<Problem> problems)
    {
        List<SettingSpec> settings = [];
        foreach (KeyValuePair<string, string> setting in options.Settings)
        {
            if (Array.IndexOf(Planned, setting.Key) >= 0)
                continue;
            if (!Known.TryGetValue(setting.Key, out (string Owner, string Property, Kind Kind) known))
                problems.Add(new Problem(Rules.BadMetadata, setting.Key, setting.Value, "take it off the item"));
            else if (known.Kind.Parse(setting.Value.Trim()) is { } value)
                settings.Add(new SettingSpec(known.Owner, known.Property, known.Kind.Type, value));
            else
                problems.Add(new Problem(Rules.BadMetadata, setting.Key, setting.Value, known.Kind.Advice));
        }
        return [.. settings];
    }

    private static Kind Whole(string advice, int least) => new(SettingSpec.Number, advice, text =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least ? number.ToString(CultureInfo.InvariantCulture) : null);

    private static Kind Member(string type, params string[] names) => new(
        type,
        "use " + string.Join(", ", names.Take(names.Length - 1)) + " or " + names[names.Length - 1],
        text => OneOf(text, names));

    private static string? OneOf(string text, params string[] known) => Array.Find(known, k => k.Equals(text, StringComparison.OrdinalIgnoreCase));

    private static string? MemoryOfDevice(string text) => Bytes(text) is { } bytes && bytes != "0" ? bytes : null;

    /// <summary>A size such as <c>512MB</c> in bytes; null where it is none.</summary>
    public static string? Bytes(string text)
    {
        (string unit, long bytes) = Array.Find(Sizes, s => text.EndsWith(s.Unit, StringComparison.OrdinalIgnoreCase));
        return long.TryParse(text.Substring(0, text.Length - unit.Length).TrimEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number <= long.MaxValue / bytes
            ? (number * bytes).ToString(CultureInfo.InvariantCulture)
            : null;
    }

    private static string? Folder(string text) => text.Length > 0 && text.IndexOfAny(NotInPaths) < 0 && !text.Any(char.IsControl) ? text : null;

    /// <summary>A time up to a day, such as <c>20ms</c>, in ticks; null where it is none.</summary>
    public static string? Delay(string text)
    {
        (string unit, double ticks) = Array.Find(Times, t => text.EndsWith(t.Unit, StringComparison.OrdinalIgnoreCase));
        return unit is { Length: > 0 }
            && double.TryParse(text.Substring(0, text.Length - unit.Length).TrimEnd(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
            && number * ticks <= TimeSpan.TicksPerDay
            ? ((long)Math.Round(number * ticks)).ToString(CultureInfo.InvariantCulture)
            : null;
    }

    /// <param name="Type">Of the property.</param>
    /// <param name="Advice">What to write instead of what cannot be understood.</param>
    /// <param name="Parse">The value; null where it cannot be understood.</param>
    private sealed record Kind(string Type, string Advice, Func<string, string?> Parse);
}
