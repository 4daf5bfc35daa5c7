namespace PageReader.Drawing;

/// <summary>One movement of the pen. The capitals' height is 10, the small letters' 7, the base line lies at 0.</summary>
/// <param name="Curved">The points guide a curve (a quadratic B-spline that starts and ends at them); otherwise they are joined by straight lines.</param>
/// <param name="Closed">The curve ends where it starts.</param>
/// <param name="Points">At least one; a single one is a dot.</param>
public sealed record GlyphStroke(bool Curved, bool Closed, IReadOnlyList<(float X, float Y)> Points);

/// <summary>A shape of a character. Some characters have several.</summary>
/// <param name="Character">The character.</param>
/// <param name="Widths">Whether it is drawn where letters have their own widths, where all have one, or both.</param>
/// <param name="Width">From the middle of the leftmost stroke to that of the rightmost one.</param>
/// <param name="Strokes">How it is drawn.</param>
public sealed record Glyph(char Character, GlyphWidths Widths, float Width, IReadOnlyList<GlyphStroke> Strokes);

/// <summary>The kinds of style that a shape is for.</summary>
[Flags]
public enum GlyphWidths
{
    Own = 1,
    Equal = 2,
    Both = Own | Equal,
}
