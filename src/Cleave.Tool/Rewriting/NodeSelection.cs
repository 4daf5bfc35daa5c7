using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Cleave.Core.Diagnostics;
using Cleave.Core.Graph;

namespace Cleave.Tool.Rewriting;

/// <summary>Nodes as they are named on a command line: <c>3-17,20,/encoder/MatMul</c>.</summary>
internal static class NodeSelection
{
    private const int MostSuggestions = 3;

    /// <summary>Positions of the nodes, rising.</summary>
    /// <param name="texts">Each a name, or numbers, ranges and names between commas.</param>
    /// <param name="nodes">All nodes.</param>
    /// <exception cref="RewriteException">There is no such node.</exception>
    public static IReadOnlyList<int> Read(IReadOnlyList<string> texts, IReadOnlyList<Node> nodes)
    {
        ILookup<string, int> byName = nodes.Select((n, i) => (n.Name, Position: i)).Where(n => n.Name.Length > 0).ToLookup(n => n.Name, n => n.Position, StringComparer.Ordinal);
        SortedSet<int> positions = [];
        foreach (string text in texts)
        {
            // A name may hold commas.
            foreach (string part in byName.Contains(text) ? [text] : text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                positions.UnionWith(Range(part, nodes.Count) ?? (byName.Contains(part) ? byName[part] : throw Unknown(part, nodes)));
        }
        return positions.Count > 0 ? [.. positions] : throw new RewriteException("--nodes: give positions, ranges or names, as in --nodes 3-17,20,/encoder/MatMul.");
    }

    private static IEnumerable<int>? Range(string text, int count)
    {
        string[] ends = text.Split('-');
        if (ends.Length > 2 || !int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            || !int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last))
            return null;
        if (count == 0)
            throw new RewriteException($"--nodes {text}: the model has no nodes.");
        return first <= last && last < count
            ? Enumerable.Range(first, last - first + 1)
            : throw new RewriteException(string.Create(CultureInfo.InvariantCulture, $"--nodes {text}: the model's {count} nodes have the positions 0 to {count - 1}."));
    }

    private static RewriteException Unknown(string name, IReadOnlyList<Node> nodes)
    {
        string hint = nodes.Any(n => Array.IndexOf(n.Outputs, name) >= 0)
            ? "that is a value: --outputs takes those"
            : Nearest(name, nodes.Select(n => n.Name).Distinct(StringComparer.Ordinal));
        return new RewriteException($"--nodes {name}: no node has that name; {hint}.");
    }

    /// <summary>What may have been meant.</summary>
    public static string Nearest(string name, IEnumerable<string> names)
    {
        string[] nearest = [.. NearestNames.Of(name, names).Take(MostSuggestions)];
        return nearest.Length == 0 ? "none is like it" : "the nearest: '" + string.Join("', '", nearest) + "'";
    }
}
