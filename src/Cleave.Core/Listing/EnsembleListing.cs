using System.Collections.Generic;

namespace Cleave.Core.Listing;

/// <summary>
/// One ensemble as its item says it: the content of an <c>.ensemble</c> file (docs/ensembles.md), which lies beside the members' listings. Whoever uses a setting
/// checks it.
/// </summary>
internal sealed record EnsembleListing
{
    /// <summary>The item's name: what the class is called after.</summary>
    public string Name { get; init; } = "";

    /// <summary>The project file that lists it, in its folder; what is wrong with the ensemble is reported there.</summary>
    public string Source { get; init; } = "";

    /// <summary>Its place below the application's folder: what was measured of it lies there. "": nowhere, for no file can be called so.</summary>
    public string Path { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string ClassName { get; init; } = "";

    public string Access { get; init; } = "";

    /// <summary>The rules: <c>Mean</c> for every output, <c>scores=Stack</c> for one.</summary>
    public IReadOnlyList<string> Combine { get; init; } = [];

    /// <summary>The members' weights, in their order, as they stand there.</summary>
    public IReadOnlyList<string> Weights { get; init; } = [];

    /// <summary>The devices that members may run on.</summary>
    public IReadOnlyList<string> Devices { get; init; } = [];

    public IReadOnlyList<EnsembleMemberEntry> Members { get; init; } = [];

    /// <summary>What its tuning file was measured of.</summary>
    public IReadOnlyList<EnsembleTuningEntry> Tunings { get; init; } = [];

    /// <summary>Why its tuning file cannot be read; "": it can, or there is none.</summary>
    public string TuningProblem { get; init; } = "";

    /// <summary>Names of metadata on its item that mean nothing there, and why.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Unused { get; init; } = [];
}

/// <summary>A member of an ensemble.</summary>
/// <param name="Source">What generated code calls the model: its path in the project, or the item's <c>Link</c>; for messages.</param>
/// <param name="Path">The model's place below the application's folder, which no other model has: the member is found by it.</param>
internal sealed record EnsembleMemberEntry(string Source, string Path);

/// <summary>A section of an ensemble's tuning file.</summary>
/// <param name="Machine">Where it was measured; for people.</param>
/// <param name="Graphs">The hashes of the members' graphs, in the order in which they were measured.</param>
internal sealed record EnsembleTuningEntry(string Machine, IReadOnlyList<string> Graphs);
