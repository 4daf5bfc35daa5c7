using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Cleave.Tool.Calibration;

/// <summary>One point of the grid: a kernel at sizes.</summary>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Sizes">Its sizes.</param>
/// <param name="Scales">Whether it is measured with more than one thread, too.</param>
internal sealed record GridPoint(string Kernel, long[] Sizes, bool Scales);

/// <summary>What is measured: <c>grid.txt</c>, which is part of the tool.</summary>
internal static class CalibrationGrid
{
    public static IReadOnlyList<GridPoint> Load()
    {
        using Stream stream = typeof(CalibrationGrid).Assembly.GetManifestResourceStream("grid.txt")
            ?? throw new InvalidOperationException("grid.txt is no resource of the tool");
        using StreamReader text = new(stream);
        return Parse(text.ReadToEnd());
    }

    public static IReadOnlyList<GridPoint> Parse(string text)
    {
        List<GridPoint> points = [];
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (words.Length == 0 || words[0][0] == '#')
                continue;
            bool scales = words[^1] == "+";
            long[][] sizes = [.. words[1..(scales ? ^1 : ^0)].Select(w => w.Split(',').Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray())];
            foreach (long[] combination in Combinations(sizes))
                points.Add(new GridPoint(words[0], combination, scales));
        }
        return points;
    }

    private static IEnumerable<long[]> Combinations(long[][] sizes) =>
        sizes.Aggregate<long[], IEnumerable<long[]>>([[]], (done, next) => done.SelectMany(d => next.Select(n => (long[])[.. d, n])));
}
