using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Cleave.Core.Graph;
using Cleave.Core.Listing;

namespace Cleave.Tool.Quantizing.Search;

/// <summary>What makes two graphs two, in the words of the listing (docs/listing.md): weights are no part of it.</summary>
internal static class GraphDifference
{
    private const int MostLines = 3;

    /// <summary>Null where the graphs, and so their hashes, are the same.</summary>
    public static string? Between(OnnxModel previous, OnnxModel made)
    {
        if (ListingWriter.Hash(previous) == ListingWriter.Hash(made))
            return null;
        string[] before = Lines(previous), after = Lines(made);
        string[] gone = Without(before, after), added = Without(after, before);
        return gone.Length == 0 && added.Length == 0
            ? "Its lines stand in another order."
            : string.Join(' ', new[] { Said("Only the earlier file has", gone), Said("Only the new one has", added) }.OfType<string>());
    }

    // From the line "graph" on, which the hash is made of.
    private static string[] Lines(OnnxModel model)
    {
        using MemoryStream text = new();
        ListingWriter.Write(new ModelListing { Model = model }, text);
        return [.. Encoding.UTF8.GetString(text.ToArray()).Split('\n').SkipWhile(static l => !l.StartsWith("graph ", System.StringComparison.Ordinal)).Select(static l => l.Trim())
            .Where(static l => !l.StartsWith("hash ", System.StringComparison.Ordinal))];
    }

    private static string[] Without(string[] lines, string[] others)
    {
        HashSet<string> known = [.. others];
        return [.. lines.Where(l => !known.Contains(l))];
    }

    private static string? Said(string who, string[] lines) => lines.Length == 0 ? null
        : $"{who}: {string.Join("; ", lines.Take(MostLines))}{(lines.Length > MostLines ? $"; and {lines.Length - MostLines} lines more" : "")}.";
}
