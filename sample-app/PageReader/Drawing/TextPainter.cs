namespace PageReader.Drawing;

/// <summary>Draws lines of text, with additions, multiplications, divisions and roots only: the same pixels on every machine.</summary>
public static class TextPainter
{
    private const int CurveSteps = 5;

    // Of an i, from its neighbours.
    private const float LeastRoom = 2.8f;

    /// <summary>Draws a line. Characters without a shape are left out.</summary>
    public static IReadOnlyList<DrawnCharacter> Draw(Canvas canvas, string text, TextStyle style, LinePlace place)
    {
        List<DrawnCharacter> drawn = [];
        float at = 0;
        foreach (char character in text)
        {
            float advance = Advance(character, style);
            if (advance == 0)
                continue;
            if (style.GlyphOf(character) is { } glyph)
                DrawGlyph(canvas, glyph, style, place, at, advance);
            drawn.Add(new DrawnCharacter(character, at * place.Unit, (at + advance) * place.Unit));
            at += advance;
        }
        return drawn;
    }

    /// <summary>The length of a line, in units.</summary>
    public static float Measure(string text, TextStyle style) => text.Sum(c => Advance(c, style));

    private static float Advance(char character, TextStyle style)
    {
        if (character == ' ')
            return style.EqualWidths ? style.Cell : style.Space;
        if (style.GlyphOf(character) is not { } glyph)
            return 0;
        return style.EqualWidths ? style.Cell : Math.Max(LeastRoom, glyph.Width * style.Stretch + 2 * style.Bearing);
    }

    private static void DrawGlyph(Canvas canvas, Glyph glyph, TextStyle style, LinePlace place, float at, float advance)
    {
        float room = advance - 2 * style.Bearing;
        // Of letters that all have one width, wide ones are narrowed.
        float stretch = style.EqualWidths ? Math.Min(style.Stretch, room / Math.Max(glyph.Width, 0.1f)) : style.Stretch;
        float left = at + (advance - glyph.Width * stretch) / 2;
        float rise = char.IsAsciiLetterLower(glyph.Character) ? style.SmallLetters : 1;
        float radius = Math.Max(0.35f, style.Pen * place.Unit * 0.5f);
        foreach (GlyphStroke stroke in glyph.Strokes)
        {
            List<(float X, float Y)> path = Path(stroke, style);
            if (style.Serifs > 0 && !stroke.Curved)
                Serifs(path);
            if (path.Count == 1)
                canvas.Line(Place(path[0]), Place(path[0]), radius * 1.2f);
            for (int i = 1; i < path.Count; i++)
                Segment(Place(path[i - 1]), Place(path[i]));
        }

        (float X, float Y) Place((float X, float Y) point)
        {
            float y = point.Y is > 0 and <= 7 ? point.Y * rise : point.Y;
            float x = (left + point.X * stretch + y * style.Slant) * place.Unit;
            return (place.X + x, place.Baseline + x * place.Slope - y * place.Unit);
        }

        void Segment((float X, float Y) from, (float X, float Y) to)
        {
            if (style.Dots == 0)
            {
                canvas.Line(from, to, radius);
                return;
            }
            float length = MathF.Sqrt((to.X - from.X) * (to.X - from.X) + (to.Y - from.Y) * (to.Y - from.Y));
            int dots = Math.Max(1, (int)(length / (style.Dots * place.Unit) + 0.5f));
            for (int i = 0; i <= dots; i++)
            {
                (float X, float Y) dot = (from.X + (to.X - from.X) * i / dots, from.Y + (to.Y - from.Y) * i / dots);
                canvas.Line(dot, dot, radius);
            }
        }

        void Serifs(List<(float X, float Y)> path)
        {
            foreach ((int end, int next) in (ReadOnlySpan<(int, int)>)[(0, 1), (path.Count - 1, path.Count - 2)])
            {
                if (path.Count < 2 || Math.Abs(path[end].Y - path[next].Y) < 2.5f || path[end].Y is not (0 or 10 or 7 or -3))
                    continue;
                (float x, float y) = path[end];
                canvas.Line(Place((x - style.Serifs, y)), Place((x + style.Serifs, y)), radius * 0.7f);
            }
        }
    }

    private static List<(float X, float Y)> Path(GlyphStroke stroke, TextStyle style)
    {
        if (!stroke.Curved)
            return [.. stroke.Points];
        List<(float X, float Y)> path = [];
        IReadOnlyList<(float X, float Y)> p = style.Round ? Rounded(stroke) : stroke.Points;
        int curves = stroke.Closed ? p.Count : p.Count - 2;
        for (int i = 0; i < curves; i++)
        {
            (float X, float Y) corner = p[stroke.Closed ? i : i + 1];
            (float X, float Y) from = stroke.Closed ? Middle(p[(i + p.Count - 1) % p.Count], corner) : i == 0 ? p[0] : Middle(p[i], corner);
            (float X, float Y) to = stroke.Closed ? Middle(corner, p[(i + 1) % p.Count]) : i == curves - 1 ? p[^1] : Middle(corner, p[i + 2]);
            for (int step = path.Count == 0 ? 0 : 1; step <= CurveSteps; step++)
                path.Add(OnCurve(from, corner, to, (float)step / CurveSteps, style.Squareness));
        }
        return path;
    }

    // Without the guides in the middle of a side: the curve then starts to turn at once. Those next to an end stay.
    private static List<(float X, float Y)> Rounded(GlyphStroke stroke)
    {
        IReadOnlyList<(float X, float Y)> p = stroke.Points;
        int ends = stroke.Closed ? 0 : 2;
        return [.. p.Where((_, i) => i < ends || i >= p.Count - ends || !IsStraight(p[(i + p.Count - 1) % p.Count], p[i], p[(i + 1) % p.Count]))];
    }

    private static bool IsStraight((float X, float Y) a, (float X, float Y) b, (float X, float Y) c)
    {
        (float x1, float y1, float x2, float y2) = (b.X - a.X, b.Y - a.Y, c.X - b.X, c.Y - b.Y);
        return Math.Abs(x1 * y2 - x2 * y1) < 0.1f * (x1 * x1 + y1 * y1 + x2 * x2 + y2 * y2) && x1 * x2 + y1 * y2 > 0;
    }

    private static (float X, float Y) Middle((float X, float Y) a, (float X, float Y) b) => ((a.X + b.X) / 2, (a.Y + b.Y) / 2);

    // A quadratic Bézier curve, drawn towards its corner.
    private static (float X, float Y) OnCurve((float X, float Y) from, (float X, float Y) corner, (float X, float Y) to, float t, float squareness)
    {
        float near = 2 * t * (1 - t);
        float pull = near * (1 + squareness);
        float rest = 1 - pull;
        float a = rest * (1 - t) * (1 - t) / (1 - near);
        float b = rest * t * t / (1 - near);
        return (a * from.X + pull * corner.X + b * to.X, a * from.Y + pull * corner.Y + b * to.Y);
    }
}
