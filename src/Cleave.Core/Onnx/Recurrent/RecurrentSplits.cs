using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Cleave.Core.Onnx.Recurrent;

/// <summary>Splits as generated code writes them: <c>4:64/8:4 9:64/8:4</c> is node, steps, chunks and the node that the state is made of; empty is none.</summary>
internal static class RecurrentSplits
{
    public static string Write(IEnumerable<RecurrentSplit> splits) => string.Join(" ", splits.Select(s => string.Format(
        CultureInfo.InvariantCulture, s.StateOf == RecurrentSplit.None ? "{0}:{1}/{2}" : "{0}:{1}/{2}:{3}", s.Node, s.Steps, s.Chunks, s.StateOf)));

    /// <exception cref="FormatException">The text is not of that form.</exception>
    public static IReadOnlyList<RecurrentSplit> Read(string text) => [.. text.Split([' '], StringSplitOptions.RemoveEmptyEntries).Select(One)];

    private static RecurrentSplit One(string word)
    {
        string[] parts = word.Split(':');
        string[] steps = parts.Length is 2 or 3 ? parts[1].Split('/') : [];
        if (steps.Length != 2)
            throw new FormatException("'" + word + "' is no recurrent node in chunks");
        return new RecurrentSplit(Number(parts[0], word), Number(steps[0], word), Number(steps[1], word))
        {
            StateOf = parts.Length == 3 ? Number(parts[2], word) : RecurrentSplit.None,
        };
    }

    private static int Number(string digits, string word) => int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        ? number
        : throw new FormatException("'" + word + "' is no recurrent node in chunks");
}
