using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Cleave.Core.Graph;

/// <summary>Positions of nodes as generated code writes them: <c>0-4,7,9-12</c>.</summary>
internal static class NodeRanges
{
    /// <param name="positions">Rising, each once.</param>
    public static string Write(IReadOnlyList<int> positions)
    {
        StringBuilder text = new();
        for (int i = 0; i < positions.Count;)
        {
            int first = i++;
            while (i < positions.Count && positions[i] == positions[i - 1] + 1)
                i++;
            if (text.Length > 0)
                text.Append(',');
            text.Append(positions[first].ToString(CultureInfo.InvariantCulture));
            if (i - 1 > first)
                text.Append('-').Append(positions[i - 1].ToString(CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }

    /// <param name="text">The ranges.</param>
    /// <param name="count">How many nodes there are: no position reaches it.</param>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static List<int> Read(string text, int count)
    {
        List<int> positions = [];
        if (text.Length == 0)
            return positions;
        foreach (string range in text.Split(','))
        {
            int dash = range.IndexOf('-');
            int first = Position(dash < 0 ? range : range.Substring(0, dash));
            int last = dash < 0 ? first : Position(range.Substring(dash + 1));
            if (last < first || last >= count)
                throw new FormatException("'" + range + "' is no range of " + count.ToString(CultureInfo.InvariantCulture) + " nodes");
            for (int i = first; i <= last; i++)
                positions.Add(i);
        }
        return positions;
    }

    private static int Position(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int position)
        ? position
        : throw new FormatException("'" + text + "' is no position of a node");
}
