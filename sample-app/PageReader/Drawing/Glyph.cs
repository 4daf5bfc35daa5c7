namespace PageReader.Drawing;

/// <summary>A shape of a character. Some characters have several.</summary>
/// <param name="Character">The character.</param>
/// <param name="Widths">Whether it is drawn where letters have their own widths, where all have one, or both.</param>
/// <param name="Width">From the middle of the leftmost stroke to that of the rightmost one.</param>
/// <param name="Strokes">How it is drawn.</param>
public sealed record Glyph(char Character, GlyphWidths Widths, float Width, IReadOnlyList<GlyphStroke> Strokes);
