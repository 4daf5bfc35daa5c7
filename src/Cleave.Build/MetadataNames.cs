using System;
using System.Collections.Generic;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Listing;
using Microsoft.Build.Framework;

namespace Cleave.Build;

/// <summary>The names of metadata that items may have, and what is meant by one that is nearly such a name: MSBuild takes any, and the setting would be without effect.</summary>
internal static class MetadataNames
{
    /// <summary>Of models: the listing's options by their names, and where and when the file is copied.</summary>
    public static IReadOnlyList<string> OfModels { get; } =
    [
        nameof(ListingOptions.Namespace), nameof(ListingOptions.ClassName), nameof(ListingOptions.Access), nameof(ListingOptions.Slicing),
        nameof(ListingOptions.Weights), nameof(ListingOptions.Plan), nameof(ListingOptions.Dims), nameof(ListingOptions.Validate), nameof(ListingOptions.MaxSlowdown),
        nameof(ListingOptions.Outputs), QuantisationCheck.From, QuantisationCheck.MostError, ModelPlace.Link, CopyWhen.ToOutput, CopyWhen.ToPublish, .. RunnerSettings.Names,
    ];

    /// <summary>Of ensembles.</summary>
    public static IReadOnlyList<string> OfEnsembles { get; } =
    [
        "Models", nameof(EnsembleListing.Combine), nameof(EnsembleListing.Weights), nameof(EnsembleListing.Devices),
        nameof(EnsembleListing.Namespace), nameof(EnsembleListing.ClassName), nameof(EnsembleListing.Access),
    ];

    // Metadata of MSBuild, NuGet and editors, some of which look like misspelt ones of ours.
    private static readonly string[] Others =
    [
        "BuildAction", "CustomToolNamespace", "DependentUpon", "ExcludeFromSingleFile", "Generator", "InProject",
        "LastGenOutput", "LinkBase", "Pack", "PackageCopyToOutput", "PackagePath", "SubType", "TargetPath", "Visible",
    ];

    /// <summary>The item's names that mean nothing, and what is probably meant.</summary>
    public static IEnumerable<(string Name, string Meant)> Misspelt(ITaskItem item, IReadOnlyList<string> known)
    {
        foreach (string name in Of(item).Except(Others, StringComparer.OrdinalIgnoreCase).Except(known, StringComparer.OrdinalIgnoreCase))
        {
            // A short name leads to another one by few edits: users have metadata of their own.
            if (NearestNames.Within(name, known, name.Length < 6 ? 1 : 2).FirstOrDefault() is { } meant)
                yield return (name, meant);
        }
    }

    /// <summary>What an ensemble's item says that means nothing there, and why.</summary>
    public static IEnumerable<(string Name, string Why)> Unused(ITaskItem ensemble)
    {
        foreach (string name in Of(ensemble).Except(OfEnsembles, StringComparer.OrdinalIgnoreCase).Intersect(OfModels, StringComparer.OrdinalIgnoreCase))
            yield return (name, "it belongs on the items of its members");
        foreach ((string name, string meant) in Misspelt(ensemble, OfEnsembles).Where(m => !OfModels.Contains(m.Name, StringComparer.OrdinalIgnoreCase)))
            yield return (name, meant + " is probably meant");
    }

    private static IEnumerable<string> Of(ITaskItem item) => item.CloneCustomMetadata().Keys.Cast<string>().OrderBy(n => n, StringComparer.Ordinal);
}
