using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Cleave.Core.Listing;

namespace Cleave.Build;

/// <summary>
/// What a listing was made from: the options, and the length and time of the model, of its contract and of each file with its weights.
/// Compared as text, not by times alone: a model that was replaced by an older file is a change too.
/// </summary>
internal static class Stamp
{
    private const string ExternalLine = "external ";

    // A new version of the task or the reader may list differently.
    private static readonly string MadeBy =
        typeof(Stamp).Assembly.ManifestModule.ModuleVersionId + " " + typeof(ListingOptions).Assembly.ManifestModule.ModuleVersionId;

    public static string Text(ModelPlace place, ListingOptions options, ModelChecks checks, IEnumerable<string> externalFiles)
    {
        StringBuilder text = new();
        text.Append("cleave-stamp ").Append(MadeBy).Append('\n');
        string[] values =
        [
            options.Source, options.Path, options.Link, options.Namespace, options.ClassName, options.Access, options.Slicing, options.Weights, options.Plan, options.Dims,
            options.Validate, options.MaxSlowdown, options.QuantizedFrom, options.MaxError,
        ];
        foreach (string value in values)
            text.Append("option ").Append(Uri.EscapeDataString(value)).Append('\n');
        foreach (KeyValuePair<string, string> setting in options.Settings)
            text.Append("setting ").Append(setting.Key).Append(' ').Append(Uri.EscapeDataString(setting.Value)).Append('\n');
        foreach (string output in options.Outputs)
            text.Append("output ").Append(Uri.EscapeDataString(output)).Append('\n');
        foreach (string line in checks.StampLines())
            text.Append(line).Append('\n');
        text.Append("model ").Append(State(place.File)).Append('\n');
        foreach (string name in externalFiles)
        {
            text.Append(ExternalLine).Append(Uri.EscapeDataString(name)).Append(' ')
                .Append(State(place.ExternalFile(name))).Append('\n');
        }
        return text.ToString();
    }

    /// <summary>The files with weights that a stamp names.</summary>
    public static List<string> ExternalFiles(string stamp)
    {
        List<string> names = [];
        foreach (string line in stamp.Split('\n'))
        {
            if (line.StartsWith(ExternalLine, StringComparison.Ordinal))
                names.Add(Uri.UnescapeDataString(line.Split(' ')[1]));
        }
        return names;
    }

    /// <summary>Length and time of a file; of a link, those of what it leads to.</summary>
    public static string State(string file) => LinkedFile.Find(file) is { } found
        ? found.Length.ToString(CultureInfo.InvariantCulture) + " " + found.WrittenUtc.Ticks.ToString(CultureInfo.InvariantCulture)
        : "absent";
}
