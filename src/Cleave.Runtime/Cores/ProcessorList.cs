using System.Collections.Generic;
using System.Globalization;

namespace Cleave.Cores;

/// <summary>Lists of processors as the kernel writes them: <c>0-3,8,10-11</c>.</summary>
internal static class ProcessorList
{
    // As many as a mask has room for: a larger number is no processor.
    private const int Most = 16_384;

    /// <summary>The numbers, ascending; null where the file is missing, names none, or makes no sense.</summary>
    public static int[]? Read(ProcessFiles files, string path) => files.Read(path) is { } text ? Parse(text) : null;

    /// <summary>The numbers, ascending; null where there is none, or the text makes no sense.</summary>
    public static int[]? Parse(string text)
    {
        SortedSet<int> numbers = [];
        foreach (string range in text.Split(','))
        {
            string[] ends = range.Split('-');
            if (ends.Length > 2 || Number(ends[0]) is not { } first || Number(ends[^1]) is not { } last || last < first)
                return null;
            for (int number = first; number <= last; number++)
                numbers.Add(number);
        }
        return [.. numbers];
    }

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number < Most ? number : null;
}
