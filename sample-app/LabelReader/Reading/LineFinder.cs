namespace LabelReader.Reading;

/// <summary>The characters of one line, from left to right.</summary>
public sealed record TextLine(IReadOnlyList<Box> Glyphs)
{
    // Wider gaps than this part of a character's height separate words.
    private const float WordGap = 0.62f;

    /// <summary>Whether a new word starts at this character.</summary>
    public bool StartsWord(int glyph)
    {
        if (glyph == 0)
            return false;
        int gap = Glyphs[glyph].Left - Glyphs[glyph - 1].Right;
        return gap > WordGap * Math.Max(Glyphs[glyph].Height, Glyphs[glyph - 1].Height);
    }
}

/// <summary>Orders pieces of ink into lines of characters.</summary>
public static class LineFinder
{
    private const int LowestLine = 7;

    /// <summary>The lines of text, from top to bottom; none where the image shows none.</summary>
    public static IReadOnlyList<TextLine> Find(InkMask ink)
    {
        List<List<Box>> lines = [];
        foreach (Box box in InkBlobs.Find(ink).OrderBy(b => b.Left).ThenBy(b => b.Top))
        {
            List<Box>? line = lines.Where(l => Continues(l[^1], box)).MinBy(l => box.Left - l[^1].Right);
            if (line is null)
                lines.Add([box]);
            else if (IsPartOf(line[^1], box))
                line[^1] = line[^1].Union(box);
            else
                line.Add(box);
        }
        return [.. lines
            .Select(WithoutSpecks)
            .Where(l => l.Count > 0 && MedianHeight(l) >= LowestLine)
            .OrderBy(l => l.Average(b => b.CentreY))
            .Select(l => new TextLine(l))];
    }

    // On the same height, not much smaller or larger, and not far away: a label may show columns.
    private static bool Continues(Box last, Box next)
    {
        int lower = Math.Min(last.Height, next.Height);
        int higher = Math.Max(last.Height, next.Height);
        return IsPartOf(last, next)
            || (2 * lower >= higher && 2 * last.SharedRows(next) >= lower && next.Left - last.Right <= 4 * higher);
    }

    // The dot inside a zero, or a character that broke in two.
    private static bool IsPartOf(Box last, Box next) =>
        last.SharedRows(next) > 0 && 2 * last.SharedColumns(next) > Math.Min(last.Width, next.Width);

    private static List<Box> WithoutSpecks(List<Box> line)
    {
        double median = MedianHeight(line);
        return line.FindAll(b => b.Height >= 0.6 * median);
    }

    private static double MedianHeight(List<Box> line) =>
        line.Count == 0 ? 0 : line.Select(b => b.Height).Order().ElementAt(line.Count / 2);
}
