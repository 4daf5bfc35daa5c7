namespace PageReader.Drawing;

/// <summary>How letters are drawn. Lengths are in units of a tenth of the capitals' height.</summary>
public sealed record TextStyle
{
    /// <summary>Thickness of the pen.</summary>
    public float Pen { get; init; } = 1;

    /// <summary>All letters take the same room.</summary>
    public bool EqualWidths { get; init; }

    /// <summary>The room of a letter where all take the same.</summary>
    public float Cell { get; init; } = 8.4f;

    /// <summary>How much wider than in the table letters are.</summary>
    public float Stretch { get; init; } = 1;

    /// <summary>How far the top of a capital leans to the right, in parts of its height.</summary>
    public float Slant { get; init; }

    /// <summary>Free room at each side of a letter, from the middle of its outer strokes.</summary>
    public float Bearing { get; init; } = 1.1f;

    /// <summary>Room between words.</summary>
    public float Space { get; init; } = 5;

    /// <summary>Small letters' height, in parts of that in the table.</summary>
    public float SmallLetters { get; init; } = 1;

    /// <summary>Round curves; otherwise straight sides with round corners.</summary>
    public bool Round { get; init; } = true;

    /// <summary>0: curves as guided; towards 1: nearer to their corners.</summary>
    public float Squareness { get; init; }

    /// <summary>Half the length of the bars at the ends of upright strokes; 0 for none.</summary>
    public float Serifs { get; init; }

    /// <summary>Distance of the dots of which strokes consist; 0 for strokes.</summary>
    public float Dots { get; init; }

    /// <summary>Chooses among the shapes of a character.</summary>
    public int Shape { get; init; }

    /// <summary>The shape of a character in this style; null where there is none.</summary>
    public Glyph? GlyphOf(char character)
    {
        GlyphWidths widths = EqualWidths ? GlyphWidths.Equal : GlyphWidths.Own;
        Glyph[] shapes = [.. GlyphTable.Of(character).Where(g => (g.Widths & widths) != 0)];
        // A character of the style's own choice, the same wherever it stands in the text.
        return shapes.Length == 0 ? null : shapes[(Shape + character * 7) % 97 % shapes.Length];
    }
}
