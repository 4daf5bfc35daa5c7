using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace Cleave.Core.Placement;

/// <summary>Reads and writes accelerator profiles: a word and its value in each line, after <c>cleave-accelerator 1</c>; what follows a # is for people.</summary>
internal static class AcceleratorProfileText
{
    public const string FirstLine = "cleave-accelerator 1";

    private static readonly string[] Known =
    [
        "name", "source", "kernel", "arithmetic", "bandwidth", "cache", "cache-bandwidth", "step-kernels", "to-device", "to-host", "launch", "memory",
    ];

    /// <exception cref="FormatException">It is no profile; the message says which line is wrong.</exception>
    public static AcceleratorProfile Read(TextReader text)
    {
        Dictionary<string, (string Value, int Line)> lines = new(StringComparer.Ordinal);
        int number = 0;
        for (string? line = text.ReadLine(); line != null; line = text.ReadLine())
        {
            number++;
            line = line.Trim();
            if (number == 1 && line != FirstLine)
                throw Wrong(1, "the first line must be \"" + FirstLine + "\"");
            if (number == 1 || line.Length == 0 || line[0] == '#')
                continue;
            int space = line.IndexOf(' ');
            string word = space < 0 ? line : line.Substring(0, space);
            if (Array.IndexOf(Known, word) < 0 || space < 0)
                throw Wrong(number, "a word and its value; the words are " + string.Join(", ", Known));
            if (lines.ContainsKey(word))
                throw Wrong(number, "\"" + word + "\" is given twice");
            lines.Add(word, (line.Substring(space + 1).Trim(), number));
        }
        (double toDevice, double toDeviceBandwidth) = Copy("to-device");
        (double toHost, double toHostBandwidth) = Copy("to-host");
        return new AcceleratorProfile
        {
            Name = Line("name").Value,
            Source = Line("source").Value,
            Kernel = One("kernel"),
            Arithmetic = One("arithmetic"),
            Bandwidth = One("bandwidth"),
            Cache = One("cache"),
            CacheBandwidth = One("cache-bandwidth"),
            StepKernels = One("step-kernels"),
            ToDeviceLatency = toDevice,
            ToDeviceBandwidth = toDeviceBandwidth,
            ToHostLatency = toHost,
            ToHostBandwidth = toHostBandwidth,
            Launch = One("launch"),
            Memory = One("memory"),
        };

        (string Value, int Line) Line(string word) => lines.TryGetValue(word, out (string Value, int Line) found) ? found : throw Wrong(number, "no line \"" + word + "\"");

        double One(string word) => Number(Line(word).Value, Line(word).Line);

        // Nanoseconds before the first byte, and bytes per nanosecond.
        (double Latency, double Bandwidth) Copy(string word)
        {
            (string value, int line) = Line(word);
            string[] two = value.Split(' ');
            return two.Length == 2 ? (Number(two[0], line), Number(two[1], line)) : throw Wrong(line, word + " takes nanoseconds and bytes per nanosecond");
        }
    }

    /// <summary>The lines of a profile; reading them gives it again.</summary>
    public static IReadOnlyList<string> Lines(AcceleratorProfile profile) =>
    [
        FirstLine,
        "name " + profile.Name,
        "source " + profile.Source,
        "kernel " + Text(profile.Kernel),
        "arithmetic " + Text(profile.Arithmetic),
        "bandwidth " + Text(profile.Bandwidth),
        "cache " + Text(profile.Cache),
        "cache-bandwidth " + Text(profile.CacheBandwidth),
        "step-kernels " + Text(profile.StepKernels),
        "to-device " + Text(profile.ToDeviceLatency) + " " + Text(profile.ToDeviceBandwidth),
        "to-host " + Text(profile.ToHostLatency) + " " + Text(profile.ToHostBandwidth),
        "launch " + Text(profile.Launch),
        "memory " + Text(profile.Memory),
    ];

    /// <exception cref="FormatException">They are no profile.</exception>
    public static AcceleratorProfile Of(IEnumerable<string> lines)
    {
        using StringReader text = new(string.Join("\n", lines));
        return Read(text);
    }

    // More digits than anybody measures, and the same text for the same number everywhere.
    private static string Text(double number) => number.ToString("G6", CultureInfo.InvariantCulture);

    private static double Number(string word, int line) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number > 0 && number < 1e15
            ? number
            : throw Wrong(line, "\"" + word + "\" is no positive number");

    private static FormatException Wrong(int line, string what) => new("line " + line.ToString(CultureInfo.InvariantCulture) + ": " + what);
}
