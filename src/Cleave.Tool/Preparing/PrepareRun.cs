using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Cleave.Core.Listing;
using Cleave.Prepared;
using Cleave.Prepared.Making;

namespace Cleave.Tool.Preparing;

/// <summary>What <c>cleave prepare</c> was asked for.</summary>
/// <param name="Cores">The cores to prepare for; null: all that the process may use.</param>
/// <param name="MostBytes">The most bytes that the folder may hold.</param>
/// <param name="Trust">Who may be able to write to the folder.</param>
internal sealed record PrepareOptions(int? Cores, long? MostBytes, FolderTrust Trust);

/// <summary>A model to prepare.</summary>
/// <param name="Name">For messages.</param>
/// <param name="Path">Its file.</param>
/// <param name="Folder">Where its entries are made.</param>
/// <param name="Item">Its item metadata in the project.</param>
internal sealed record ModelToPrepare(string Name, string Path, string Folder, ListingOptions Item)
{
    /// <summary>What was published of a build's listings: each model with the folder beside it, where runners look. Those that are not published have none.</summary>
    /// <param name="listings">The listings.</param>
    /// <param name="published">The folder of the published application.</param>
    /// <param name="absent">Told of those that are not published.</param>
    /// <exception cref="DamagedFileException">A file is no listing.</exception>
    /// <exception cref="RefusedException">There is no such application.</exception>
    public static IEnumerable<ModelToPrepare> Published(IEnumerable<string> listings, string published, Action<string> absent)
    {
        if (!Directory.Exists(published))
            throw new RefusedException($"--published {published}: there is no such folder.");
        foreach (string listing in listings)
        {
            ListingOptions item = LinesFile.Read(listing, static text => ListingReader.Read(text).Options, LinesFile.BuildAgain);
            string path = System.IO.Path.GetFullPath(System.IO.Path.Combine(published, item.Path));
            if (File.Exists(path))
                yield return new ModelToPrepare(item.Source, path, System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, PreparedFolders.BesideName), item);
            else
                absent(item.Source);
        }
    }
}

/// <summary><c>cleave prepare</c>: prepares the segments that the generated runner would open here.</summary>
internal static class PrepareRun
{
    /// <param name="asked">The model.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="say">Told what is going on.</param>
    /// <param name="cancellationToken">Ends it; nothing half-made is left.</param>
    /// <exception cref="RefusedException">The generator would report an error.</exception>
    /// <exception cref="CleaveException">ONNX Runtime refuses the model.</exception>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    public static IReadOnlyList<PreparedSegment> Make(ModelToPrepare asked, PrepareOptions options, Action<string> say, CancellationToken cancellationToken)
    {
        using OpenedForRunner opened = new(asked.Path, asked.Item, options.Cores, new RunnerOptions(), cancellationToken);
        ModelPreparation preparation = new(opened.Factory, opened.Definition, opened.Tuned().Modes, options.Trust, new PreparationOptions(IsForAll: true, IsAsked: true, options.MostBytes, step =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            say(step);
        }));
        say($"preparing for {opened.Cores} {(opened.Cores == 1 ? "core" : "cores")}, about {PrepareText.Megabytes(opened.Factory.SessionWeightBytes)} to {PrepareText.Megabytes(preparation.EstimatedBytes)} for each session of the whole model");
        return preparation.Run(Path.GetFullPath(asked.Folder));
    }

    /// <summary>What is damaged, by entry: every byte is hashed. Entries that say that nothing was prepared have none.</summary>
    /// <param name="folder">The folder of all entries.</param>
    /// <param name="trust">Who may be able to write to it.</param>
    /// <param name="model">The model whose own bytes are hashed, too; null: none's.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static IReadOnlyList<(ListedEntry Entry, string? Problem)> Check(string folder, FolderTrust trust, OpenedForRunner? model, CancellationToken cancellationToken)
    {
        List<(ListedEntry, string?)> entries = [];
        foreach (ListedEntry entry in Housekeeping.List(folder, trust))
        {
            // They may have gigabytes.
            cancellationToken.ThrowIfCancellationRequested();
            entries.Add((entry, entry.Problem ?? Damage(Path.Combine(folder, entry.Name), entry.Manifest!) ?? OfOtherWeights(entry, model)));
        }
        return entries;
    }

    /// <summary>Whether an entry was made of this model, as far as a start compares: the graph, and the edges of every tensor.</summary>
    public static bool IsOf(ListedEntry entry, OpenedForRunner model) =>
        entry.Manifest is { } manifest && manifest.Target.Graph == model.Definition.Hash && manifest.Target.Weights == model.Factory.ModelWeights.Edges;

    /// <summary>Whether an entry was made of the same graph with other weights, as before another training.</summary>
    public static bool IsOutdated(PreparedManifest manifest, OpenedForRunner model) =>
        manifest.Target.Graph == model.Definition.Hash && manifest.Target.Weights != model.Factory.ModelWeights.Edges;

    private static string? Damage(string path, PreparedManifest manifest)
    {
        try
        {
            return PreparedEntry.Damage(path, manifest);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The others are to be looked at, too.
            return "not read: " + e.Message;
        }
    }

    // Where no start looks.
    private static string? OfOtherWeights(ListedEntry entry, OpenedForRunner? model) =>
        model != null && IsOf(entry, model) && entry.Manifest!.SourceHash != model.Factory.ModelWeights.Hash ? "the model was changed" : null;
}
