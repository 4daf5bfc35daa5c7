namespace PageReader.Reading;

/// <summary>In which order the lines of a page are read.</summary>
public static class ReadingOrder
{
    private const int FewestInColumn = 3;

    // In parts of the usual height: columns of text are wide, those of a bill are not.
    private const float NarrowestColumn = 7;

    /// <summary>Rows from the top, each from left to right; of two columns of text the left one first.</summary>
    public static IReadOnlyList<IReadOnlyList<TextLine>> Rows(IReadOnlyList<TextLine> lines)
    {
        if (lines.Count == 0)
            return [];
        float height = Median(lines.Select(l => l.Height));
        if (Gutter(lines, height) is not float gutter)
            return RowsOf(lines, height);
        // Lines across both columns end the ones above them.
        List<IReadOnlyList<TextLine>> rows = [];
        List<TextLine> open = [];
        foreach (TextLine line in lines.OrderBy(l => l.CentreY).ThenBy(l => l.Left))
        {
            if (line.Left < gutter && line.Right > gutter)
            {
                AddColumns();
                rows.Add([line]);
            }
            else
            {
                open.Add(line);
            }
        }
        AddColumns();
        return rows;

        void AddColumns()
        {
            rows.AddRange(RowsOf(open.FindAll(l => l.Right <= gutter), height));
            rows.AddRange(RowsOf(open.FindAll(l => l.Left >= gutter), height));
            open.Clear();
        }
    }

    private static List<IReadOnlyList<TextLine>> RowsOf(IReadOnlyList<TextLine> lines, float height)
    {
        List<List<TextLine>> rows = [];
        foreach (TextLine line in lines.OrderBy(l => l.CentreY).ThenBy(l => l.Left))
        {
            // What stands side by side is on one row where their middles, continued along their slope, meet.
            List<TextLine>? row = rows.Find(r => Math.Abs(Level(r[0], line) - line.CentreY) < 0.5f * Math.Max(height, line.Height) && r.TrueForAll(o => o.Right <= line.Left || o.Left >= line.Right));
            if (row is null)
                rows.Add([line]);
            else
                row.Add(line);
        }
        return [.. rows.Select(r => (IReadOnlyList<TextLine>)[.. r.OrderBy(l => l.Left)])];
    }

    private static float Level(TextLine line, TextLine other) =>
        line.CentreY + line.Slope * ((other.Left + other.Right - line.Left - line.Right) / 2);

    private static float? Gutter(IReadOnlyList<TextLine> lines, float height)
    {
        foreach (float x in lines.Select(l => l.Left - 0.3f * height).Distinct().Order())
        {
            TextLine[] left = [.. lines.Where(l => l.Right <= x)];
            TextLine[] right = [.. lines.Where(l => l.Left >= x)];
            int across = lines.Count - left.Length - right.Length;
            if (IsColumn(left, height) && IsColumn(right, height) && across <= Math.Min(left.Length, right.Length) / 2
                && left.Max(l => l.Bottom) > right.Min(l => l.Top) && right.Max(l => l.Bottom) > left.Min(l => l.Top))
                return x;
        }
        return null;
    }

    // By the median of their widths, which is asked for at each place where a line starts: counted, not sorted.
    private static bool IsColumn(TextLine[] lines, float height) =>
        lines.Length >= FewestInColumn && lines.Count(l => l.Width < NarrowestColumn * height) <= lines.Length / 2;

    private static float Median(IEnumerable<float> values)
    {
        float[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
